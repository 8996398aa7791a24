import { Link } from 'react-router'
import { url } from '../../api/client'
import type { Pair, Queue } from '../../api/identity'
import { useApi } from '../../api/use'
import { Choice, Crumbs, PageHead, Pager } from '../../components/parts'
import { Nothing, Problem, Waiting } from '../../components/states'
import { useLang, useTitle } from '../../i18n'
import type { Key } from '../../i18n/dict'
import { useQuery } from '../../lib/link'
import { Evidences, Likely } from './parts'

const limit = 20

/** The queue of pairs that wait for a person, the likeliest first. */
export default function Duplicates() {
  const { t, tx } = useLang()
  const { values, set } = useQuery()
  const offset = Number(values.offset ?? 0)
  const { data, error, reload } = useApi<Queue>(
    url('/api/duplicates', { entity: values.entity, state: values.state, offset, limit }),
    true,
  )
  useTitle(t('dup.title'), t('app.name'))
  return (
    <div className="page dup">
      <PageHead
        crumbs={<Crumbs items={[{ title: t('nav.work'), to: '/work' }, { title: t('dup.title') }]} />}
        title={t('dup.title')}
        lead={t('dup.lead')}
      >
        <Choice
          label={t('dup.register')}
          value={values.entity ?? ''}
          options={[
            { value: '', label: t('dup.all') },
            ...(data?.entities ?? []).map((e) => ({ value: e.name, label: tx(e.title) })),
          ]}
          onChange={(v) => set({ entity: v, offset: null })}
        />
        <Choice
          label={t('dup.state')}
          value={values.state ?? ''}
          options={['', 'unsure', 'merged', 'different'].map((s) => ({
            value: s,
            label: t(`dup.state.${s || 'waiting'}` as Key),
          }))}
          onChange={(v) => set({ state: v, offset: null })}
        />
      </PageHead>
      {error ? (
        <Problem error={error} retry={reload} />
      ) : !data ? (
        <Waiting />
      ) : !data.rows.length ? (
        <Nothing title={t('dup.none')} />
      ) : (
        <>
          <ul className="rows dup-list">
            {data.rows.map((p) => (
              <Line key={p.id} pair={p} />
            ))}
          </ul>
          <Pager total={data.total} offset={offset} limit={limit} onGo={(o) => set({ offset: o || null })} />
        </>
      )}
    </div>
  )
}

function Line({ pair }: { pair: Pair }) {
  const { t, tx } = useLang()
  return (
    <li>
      <div>
        <Link to={`/work/duplicates/${pair.id}`} className="dup-names">
          <strong>{pair.left.label}</strong>
          <span className="muted">{tx(pair.left.org_title) || pair.left.org}</span>
          <span aria-hidden="true">⇄</span>
          <strong>{pair.right.label}</strong>
          <span className="muted">{tx(pair.right.org_title) || pair.right.org}</span>
        </Link>
        <Evidences pair={pair} />
      </div>
      <div className="dup-side">
        <Likely pair={pair} />
        {pair.state !== 'open' && <span className="tag">{t(`dup.state.${pair.state}`)}</span>}
      </div>
    </li>
  )
}

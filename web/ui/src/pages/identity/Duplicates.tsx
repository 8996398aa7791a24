import { useEffect, useRef } from 'react'
import { Link } from 'react-router'
import { post, url } from '../../api/client'
import type { Pair, Queue, Search } from '../../api/identity'
import { forgetAnswers, useApi } from '../../api/use'
import { Choice, Crumbs, PageHead, Pager } from '../../components/parts'
import { Nothing, Problem, Waiting } from '../../components/states'
import { Sure } from '../../components/Sure'
import { useAgain, WorkLine } from '../../components/Work'
import { useLang, useTitle } from '../../i18n'
import type { Key } from '../../i18n/dict'
import { number } from '../../lib/format'
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
  const { data: search, reload: again } = useApi<Search>('/api/duplicates/find')
  const work = search?.work ?? null
  const busy = work?.state === 'running'
  useAgain(busy, search, again)
  const was = useRef(false)
  useEffect(() => {
    if (was.current && !busy) {
      forgetAnswers() // there may be new pairs
      reload()
    }
    was.current = busy
  }, [busy, reload])
  const say = async (what: string) => {
    await post(`/api/duplicates/${what}`, {})
    again()
  }
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
        {search?.may && !busy && <Sure label={t('dup.find')} text={t('dup.findSure')} run={() => say('find')} />}
      </PageHead>
      {work && busy && <WorkLine work={work} text={t('dup.finding')} onStop={() => void say('find/stop')} />}
      {work && !busy && <Found work={work} />}
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

/** What the last search came to. */
function Found({ work }: { work: NonNullable<Search['work']> }) {
  const { t, tx } = useLang()
  if (work.state === 'failed') {
    return (
      <p className="form-error" role="alert">
        {tx(work.error)}
      </p>
    )
  }
  if (work.state === 'cancelled') return <p className="form-note">{t('dup.findStopped')}</p>
  return (
    <p className="success" role="status">
      {(work.result ?? []).map((r) => t('dup.found', { title: tx(r.title), records: number(r.records), n: number(r.new) })).join('；')}
    </p>
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

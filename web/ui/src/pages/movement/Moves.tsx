import { Pagination } from 'antd'
import { Link } from 'react-router'
import { url } from '../../api/client'
import type { MoveCase } from '../../api/movement'
import { useApi } from '../../api/use'
import { PageHead } from '../../components/parts'
import { Nothing, Problem, Waiting } from '../../components/states'
import { useLang, useTitle } from '../../i18n'
import { useQuery } from '../../lib/link'
import { CaseState } from './parts'
import './movement.css'

const page = 20

/** The cases of a side: those to answer, those it asked for, all. */
export default function Moves() {
  const { t, tx } = useLang()
  const { values, set } = useQuery()
  const box = values.box ?? 'in'
  const at = Number(values.page ?? 1)
  const path = url('/api/movement/cases', { box: box === 'all' ? '' : box, offset: (at - 1) * page, limit: page })
  const { data, error, reload } = useApi<{ total: number; rows: MoveCase[] }>(path, true)
  useTitle(t('move.title'), t('app.name'))
  return (
    <div className="page">
      <PageHead title={t('move.title')} lead={t('move.lead')}>
        <Link className="plain-button strong" to="/work/moves/new">
          {t('move.new')}
        </Link>
      </PageHead>
      <div className="move-tabs" role="tablist">
        {(['in', 'out', 'all'] as const).map((b) => (
          <button key={b} role="tab" aria-selected={box === b} onClick={() => set({ box: b, page: null })}>
            {t(`move.box.${b}`)}
          </button>
        ))}
      </div>
      {error ? (
        <Problem error={error} retry={reload} />
      ) : !data ? (
        <Waiting />
      ) : data.rows.length === 0 ? (
        <Nothing title={box === 'in' ? t('move.noneIn') : t('move.none')} />
      ) : (
        <>
          <ul className="move-list">
            {data.rows.map((c) => (
              <li key={c.n}>
                <Link to={`/work/moves/${c.n}`}>
                  <span className="move-who">
                    <strong>{c.person.label}</strong>
                    <span>{tx(c.title)}</span>
                    {c.grade && <span className="muted">{tx(c.grade.title)}</span>}
                  </span>
                  <span className="move-way">
                    {c.giver ? tx(c.giver.title) : c.side === 'two' ? t('move.hidden') : c.place}
                    <i aria-hidden="true"> → </i>
                    {c.taker ? tx(c.taker.title) : c.side === 'out' ? c.place : c.giver ? '—' : ''}
                  </span>
                  <span className="move-when">
                    <CaseState state={c.state} />
                    {c.stuck.zh && (
                      <span className="tag" data-late="" title={tx(c.stuck)}>
                        {t('move.stuck')}
                      </span>
                    )}
                    {c.level > 0 && c.state === 'requested' && (
                      <span className="tag" data-late="">
                        {t('move.level', { n: c.level })}
                      </span>
                    )}
                    <small className="num">{c.due && c.state === 'requested' ? `${t('move.due')} ${c.due}` : c.date}</small>
                  </span>
                </Link>
              </li>
            ))}
          </ul>
          {data.total > page && (
            <Pagination
              current={at}
              pageSize={page}
              total={data.total}
              showSizeChanger={false}
              onChange={(n) => set({ page: n === 1 ? null : n })}
            />
          )}
        </>
      )}
    </div>
  )
}

import { Pagination } from 'antd'
import { Link } from 'react-router'
import { url } from '../../api/client'
import { dutyStates, type DutyList, type DutyUnit } from '../../api/duty'
import { useApi } from '../../api/use'
import { Choice, Crumbs, PageHead } from '../../components/parts'
import { Nothing, Problem, Waiting } from '../../components/states'
import { useLang, useTitle } from '../../i18n'
import { number } from '../../lib/format'
import { useQuery } from '../../lib/link'
import { useSession } from '../../session'
import { Month } from './Month'
import { FigureWord, StateWord, When } from './parts'

const page = 30
const views = ['month', 'list', 'units'] as const

/** What organisations owe: by month, by state, by unit. */
export default function Duties() {
  const { t, tx } = useLang()
  const { session } = useSession()
  const { values, set } = useQuery()
  const view = views.find((v) => v === values.view) ?? 'month'
  const own = values.reach !== 'all'
  const at = Number(values.page ?? 1)
  const common = { on: values.on, org: values.org, own: own ? 1 : '', q: values.q }
  const path = url('/api/duties', {
    ...common,
    state: values.state,
    offset: (at - 1) * page,
    limit: view === 'list' ? page : 1,
  })
  const { data, error, reload } = useApi<DutyList>(path, true)
  useTitle(t('duty.title'), t('app.name'))
  const home = session?.user?.org
  const away = values.org && values.org !== home
  return (
    <div className="page">
      <PageHead
        crumbs={
          away ? (
            <Crumbs items={[{ title: t('duty.title'), to: url('/work/duties', { on: values.on }) }, { title: data ? tx(data.org.title) : '' }]} />
          ) : undefined
        }
        title={t('duty.title')}
        lead={t('duty.lead')}
      >
        <label className="choice">
          <span>{t('duty.on')}</span>
          <input
            className="find duty-day"
            type="date"
            min="2000-01-01"
            max="2100-12-31"
            value={values.on ?? data?.on ?? ''}
            onChange={(e) => set({ on: e.target.value || null, page: null })}
          />
        </label>
        <Choice
          label={t('duty.reach')}
          value={own ? 'own' : 'all'}
          options={[
            { value: 'own', label: t('duty.reach.own') },
            { value: 'all', label: t('duty.reach.all') },
          ]}
          onChange={(v) => set({ reach: v === 'own' ? null : v, page: null })}
        />
      </PageHead>
      <div className="duty-tabs" role="tablist" aria-label={t('duty.views')}>
        {views.map((v) => (
          <button key={v} type="button" role="tab" aria-selected={view === v} onClick={() => set({ view: v === 'month' ? null : v, page: null })}>
            {t(`duty.view.${v}`)}
          </button>
        ))}
      </div>
      {error ? (
        <Problem error={error} retry={reload} />
      ) : !data ? (
        <Waiting />
      ) : (
        <>
          {view !== 'units' && <Counts data={data} chosen={view === 'list' ? (values.state ?? '') : ''} />}
          {view === 'month' && <Month common={common} on={data.on} />}
          {view === 'list' && <Rows data={data} at={at} own={own} />}
          {view === 'units' && <Units on={values.on} org={values.org} />}
        </>
      )}
    </div>
  )
}

/** How many there are in each state; each is a door to the list of them. */
function Counts({ data, chosen }: { data: DutyList; chosen: string }) {
  const { set } = useQuery()
  return (
    <ul className="duty-counts">
      {dutyStates
        .filter((s) => data.counts[s])
        .map((s) => (
          <li key={s}>
            <button type="button" aria-pressed={chosen === s} onClick={() => set({ view: 'list', state: chosen === s ? null : s, page: null })}>
              <b className="num">{number(data.counts[s])}</b>
              <StateWord state={s} />
            </button>
          </li>
        ))}
    </ul>
  )
}

function Rows({ data, at, own }: { data: DutyList; at: number; own: boolean }) {
  const { t, tx } = useLang()
  const { values, set } = useQuery()
  return (
    <>
      <input
        className="find duty-find"
        type="search"
        placeholder={t('duty.find')}
        aria-label={t('duty.find')}
        value={values.q ?? ''}
        maxLength={50}
        onChange={(e) => set({ q: e.target.value || null, page: null }, true)}
      />
      {data.rows.length === 0 ? (
        <Nothing title={t('duty.none')} />
      ) : (
        <ul className="duty-list">
          {data.rows.map((x) => (
            <li key={`${x.duty} ${x.org.code} ${x.period.key}`}>
              <Link to={url(`/work/duties/${x.duty}`, { org: x.org.code, on: values.on })}>
                <span className="duty-what">
                  <span className="code mono">{x.duty}</span>
                  <strong>{tx(x.title)}</strong>
                  {!own && <span className="muted">{tx(x.org.title)}</span>}
                </span>
                <span className="duty-span">
                  <span>{x.period.key === 'once' ? t('duty.kind.deadline') : tx(x.period.title)}</span>
                  {x.figure && <FigureWord f={x.figure} />}
                </span>
                <span className="duty-state">
                  <StateWord state={x.state} />
                  <When x={x} />
                </span>
              </Link>
            </li>
          ))}
        </ul>
      )}
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
  )
}

/** Numbers of each unit, by code and never by number. */
function Units({ on, org }: { on: string | undefined; org: string | undefined }) {
  const { t, tx } = useLang()
  const { data, error, reload } = useApi<{ rows: DutyUnit[] }>(url('/api/duties/units', { on, org }), true)
  if (error) return <Problem error={error} retry={reload} />
  if (!data) return <Waiting />
  const shown = dutyStates.filter((s) => data.rows.some((r) => r.counts[s]))
  return (
    <section>
      <p className="muted">{t('duty.unitsNote')}</p>
      <div className="scroll-x">
        <table className="plain-table duty-units">
          <thead>
            <tr>
              <th scope="col">{t('duty.unit')}</th>
              {shown.map((s) => (
                <th key={s} scope="col" className="right">
                  {t(`duty.state.${s}`)}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {data.rows.map((r) => (
              <tr key={r.code}>
                <th scope="row">
                  <Link to={url('/work/duties', { on, org: r.code, view: r.self || r.leaf ? 'list' : 'units' })}>{tx(r.title)}</Link>
                  {r.self && <small className="muted"> {t('common.paren', { text: t('duty.self') })}</small>}
                </th>
                {shown.map((s) => (
                  <td key={s} className="right num">
                    {r.counts[s] ? (
                      <Link to={url('/work/duties', { on, org: r.code, view: 'list', state: s, reach: r.self ? '' : 'all' })}>{number(r.counts[s])}</Link>
                    ) : (
                      <span className="muted">0</span>
                    )}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  )
}

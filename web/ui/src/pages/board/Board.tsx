import { useMemo } from 'react'
import { Link } from 'react-router'
import { verdicts, type Board, type BoardLine, type BoardPlan, type Verdict } from '../../api/board'
import { pairs, url } from '../../api/client'
import type { Org, TargetState } from '../../api/types'
import { useApi } from '../../api/use'
import { BriefButtons } from '../../components/BriefButtons'
import { Choice, Crumbs, PageHead, SealChoice, unitTail } from '../../components/parts'
import { Nothing, Problem, StateTag, Waiting, Withheld } from '../../components/states'
import { useLang, useTitle } from '../../i18n'
import { plain, planWords } from '../../lib/format'
import { useLink, useQuery } from '../../lib/link'
import { useSession } from '../../session'
import './board.css'

const states: TargetState[] = ['met', 'not_met', 'no_data', 'no_target', 'not_numbered']

export default function BoardPage() {
  const { t, tx } = useLang()
  const { session } = useSession()
  const { values, set } = useQuery()
  const link = useLink()
  const own = session?.user?.org ?? ''
  const { data, error, reload } = useApi<Board>(url('/api/plan/board', { org: values.org, seal: values.seal }), true)
  const below = useApi<Org[]>(own ? url('/api/orgs', { parent: own }) : null)
  useTitle(t('board.title'), t('app.name'))
  const plans = useMemo(() => (data?.plans ?? []).filter((p) => p.lines.length), [data])
  const plan = plans.find((p) => p.id === values.plan) ?? plans[0]
  if (error) return <Problem error={error} retry={reload} />
  if (!data) return <Waiting rows={12} />
  if (!plan) return <Nothing title={t('board.noPlan')} />
  const orgs = [{ value: '', label: tx(session?.user?.org_title) || own }].concat(
    (below.data ?? []).map((o) => ({ value: o.code, label: tx(o.title) || o.code })),
  )
  if (values.org && !orgs.some((o) => o.value === values.org)) orgs.push({ value: values.org, label: tx(data.org.title) })
  return (
    <div className="page plan">
      <PageHead
        crumbs={<Crumbs items={[{ title: t('nav.plan'), to: link('/plan') }, { title: t('board.title') }]} />}
        title={t('board.title')}
        lead={t('board.lead', { org: tx(data.org.title), number: plan.number || tx(plan.title), n: plan.lines.length })}
      >
        {plans.length > 1 && (
          <Choice
            label={t('nav.plan')}
            value={plan.id}
            options={plans.map((p) => ({ value: p.id, label: tx(p.title) }))}
            onChange={(v) => set({ plan: v })}
          />
        )}
        {orgs.length > 1 && (
          <Choice label={t('board.org')} value={values.org ?? ''} options={orgs} onChange={(v) => set({ org: v || null })} />
        )}
        <SealChoice />
        <BriefButtons />
      </PageHead>
      {!data.seal && <p className="lost">{t('board.noSeal')}</p>}
      <Filters plan={plan} />
      <Lines plan={plan} org={data.org.code} cases={data.cases} />
      <section aria-labelledby="board-method">
        <h2 id="board-method">{t('board.method')}</h2>
        <p className="board-method">{tx(data.method)}</p>
      </section>
    </div>
  )
}

/** What a forecast comes to: always a word, with a mark of its own shape. */
function VerdictTag({ of }: { of: Verdict }) {
  const { t } = useLang()
  return (
    <span className="tag" data-verdict={of}>
      {t(`board.verdict.${of}`)}
    </span>
  )
}

function Filters({ plan }: { plan: BoardPlan }) {
  const { t } = useLang()
  const { values, set } = useQuery()
  const turn = (key: string, value: string) => set({ [key]: values[key] === value ? null : value }, true)
  return (
    <>
      <input
        type="search"
        className="find board-find"
        value={values.q ?? ''}
        placeholder={t('board.find')}
        aria-label={t('board.find')}
        onChange={(e) => set({ q: e.target.value }, true)}
      />
      <div className="state-filter" role="group" aria-label={t('board.state')}>
        {states
          .filter((s) => plan.states[s])
          .map((s) => (
            <button key={s} type="button" className="state-button" aria-pressed={values.state === s} onClick={() => turn('state', s)}>
              <StateTag state={s} /> <span className="num">{plan.states[s]}</span>
            </button>
          ))}
        {plan.unowned > 0 && (
          <button
            type="button"
            className="state-button"
            data-filter="unowned"
            aria-pressed={values.unowned === '1'}
            onClick={() => turn('unowned', '1')}
          >
            <span className="tag" data-unowned="">
              {t('board.unowned')}
            </span>{' '}
            <span className="num">{plan.unowned}</span>
          </button>
        )}
      </div>
      <div className="state-filter" role="group" aria-label={t('board.verdict')}>
        {verdicts
          .filter((v) => plan.verdicts[v])
          .map((v) => (
            <button key={v} type="button" className="state-button" aria-pressed={values.verdict === v} onClick={() => turn('verdict', v)}>
              <VerdictTag of={v} /> <span className="num">{plan.verdicts[v]}</span>
            </button>
          ))}
      </div>
    </>
  )
}

function Lines({ plan, org, cases }: { plan: BoardPlan; org: string; cases: boolean }) {
  const { t, tx } = useLang()
  const { values } = useQuery()
  const q = (values.q ?? '').trim().toLowerCase()
  const shown = plan.lines.filter(
    (x) =>
      (!values.state || x.state === values.state) &&
      (!values.verdict || x.verdict === values.verdict) &&
      (values.unowned !== '1' || !x.owned) &&
      (!q || `${x.id} ${tx(x.title)}`.toLowerCase().includes(q)),
  )
  if (!shown.length) return <Nothing title={t('board.empty')} />
  return (
    <ol className="board">
      {shown.map((x) => (
        <li key={x.id} id={x.id} data-owned={x.owned}>
          <div className="board-what">
            <Link to={url('/plan', { seal: values.seal }) + '#' + x.id}>{tx(x.title)}</Link>
            <Owner x={x} />
          </div>
          <Standing x={x} />
          <Going x={x} />
          {cases && <Cases x={x} org={org} />}
        </li>
      ))}
    </ol>
  )
}

function Owner({ x }: { x: BoardLine }) {
  const { t, tx } = useLang()
  if (!x.owned) {
    return (
      <strong className="board-error" role="note" title={t('board.noOwnerWhy')}>
        {t('board.noOwner')}
      </strong>
    )
  }
  return (
    <span className="board-owner">
      {tx(x.owner)}
      {x.owners.length > 0 && (
        <span>
          {t('board.tookOn')}
          {t('common.colon')}
          {x.owners.map((o) => tx(o.title) || o.code).join(t('board.join'))}
        </span>
      )}
    </span>
  )
}

function Standing({ x }: { x: BoardLine }) {
  const { t, tx } = useLang()
  const link = useLink()
  const tail = unitTail(tx(x.unit))
  return (
    <div className="board-now">
      <StateTag state={x.state} />
      <span className="num">
        <small>{t('board.now')}</small>{' '}
        {x.figure?.suppressed ? (
          <Withheld short />
        ) : x.now === null ? (
          '—'
        ) : x.figure && x.indicator ? (
          <Link to={link(`/indicators/${x.indicator}`, { where: pairs(x.where) })}>
            {plain(x.now, 2)}
            {tail}
          </Link>
        ) : (
          plain(x.now, 2) + tail
        )}
      </span>
      <span className="num">
        <small>{t('board.aim')}</small> {planWords(x.target, tx(x.unit), x.direction) || '—'}
        {x.deadline && <small> {x.deadline}</small>}
      </span>
      {x.missing !== null && (
        <span className="num board-missing">{x.missing > 0 ? t('board.missing', { n: plain(x.missing, 2) + tail }) : t('board.reached')}</span>
      )}
    </div>
  )
}

function Going({ x }: { x: BoardLine }) {
  const { t, tx } = useLang()
  const tail = unitTail(tx(x.unit))
  const f = x.forecast
  return (
    <div className="board-going">
      <VerdictTag of={x.verdict} />
      {f ? (
        <>
          <span className="num">
            {t('board.forecast', { year: f.year, value: plain(f.value, 2) + tail, low: plain(f.low, 2), high: plain(f.high, 2) + tail })}
          </span>
          <small className="muted num">{t('board.from', { from: f.from, to: f.to, n: f.points })}</small>
        </>
      ) : (
        (x.verdict === 'too_few' || x.verdict === 'over' || x.verdict === 'none') && (
          <small className="muted num">{t(`board.why.${x.verdict}`, { n: x.years.length })}</small>
        )
      )}
    </div>
  )
}

function Cases({ x, org }: { x: BoardLine; org: string }) {
  const { t, tx } = useLang()
  return (
    <div className="board-cases">
      <small className="muted">{t('board.cases')}</small>
      {!x.cases.length && <small className="muted">{t('board.noCases')}</small>}
      {x.cases.map((c) => (
        <Link key={c.type} to={url('/cases', { type: c.type, target: x.id, unit: org })}>
          {tx(c.title)} <small className="num">{t('board.case', { open: c.open, late: c.late, closed: c.closed })}</small>
        </Link>
      ))}
    </div>
  )
}

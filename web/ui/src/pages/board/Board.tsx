import { useMemo } from 'react'
import { Link, useLocation } from 'react-router'
import { reasons, verdicts, type Board, type BoardLine, type BoardPlan, type Reason, type Verdict } from '../../api/board'
import { pairs, url } from '../../api/client'
import type { Org, TargetState } from '../../api/types'
import { useApi } from '../../api/use'
import { BriefButtons } from '../../components/BriefButtons'
import { FoldAll, FoldHead, useFolds } from '../../components/Folds'
import { Choice, Crumbs, PageHead, SealChoice, unitTail } from '../../components/parts'
import { Nothing, Problem, StateTag, Waiting, Withheld } from '../../components/states'
import { useNarrow } from '../../components/useNarrow'
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
      <Folds plan={plan} org={data.org.code} cases={data.cases} />
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
  const { t, tx } = useLang()
  const { values, set } = useQuery()
  const owners = new Map(plan.lines.flatMap((x) => x.owners).map((o) => [o.code, tx(o.title) || o.code]))
  const choices = [...owners.entries()].sort(([a], [b]) => a.localeCompare(b)).map(([value, label]) => ({ value, label }))
  if (plan.lines.some((x) => tx(x.owner))) choices.push({ value: '-', label: t('board.namedOwner') })
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
      {choices.length > 0 && (
        <Choice
          label={t('board.owner')}
          value={values.owner ?? ''}
          options={[{ value: '', label: t('board.anyOwner') }, ...choices]}
          onChange={(v) => set({ owner: v || null }, true)}
        />
      )}
      <div className="state-filter" role="group" aria-label={t('board.state')}>
        {states
          .filter((s) => plan.states[s])
          .map((s) => (
            <button key={s} type="button" className="state-button" aria-pressed={values.state === s} onClick={() => turn('state', s)}>
              <StateTag state={s} /> <span className="num">{plan.states[s]}</span>
            </button>
          ))}
        {plan.adjusted > 0 && (
          <button type="button" className="state-button" data-filter="adjusted" aria-pressed={values.adjusted === '1'} onClick={() => turn('adjusted', '1')}>
            <span className="tag" data-adjusted="">
              {t('board.adjusted')}
            </span>{' '}
            <span className="num">{plan.adjusted}</span>
          </button>
        )}
      </div>
      {plan.attention > 0 && (
        <div className="state-filter" role="group" aria-label={t('board.attention')}>
          {(['1', ...reasons] as const).map((r) => {
            const n = r === '1' ? plan.attention : plan.lines.filter((x) => x.attention.includes(r)).length
            if (!n) return null
            return (
              <button key={r} type="button" className="state-button" data-filter={r === '1' ? 'attention' : r} aria-pressed={values.attention === r} onClick={() => turn('attention', r)}>
                <span className="tag" data-heed="">
                  {r === '1' ? t('board.attention') : t(`board.attention.${r}`)}
                </span>{' '}
                <span className="num">{n}</span>
              </button>
            )
          })}
        </div>
      )}
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

const found = (x: BoardLine, q: string, title: string) => !q || `${x.id} ${title}`.toLowerCase().includes(q)

/** The lines that the address asks for. */
function useShown(plan: BoardPlan) {
  const { tx } = useLang()
  const { values } = useQuery()
  const q = (values.q ?? '').trim().toLowerCase()
  const filtered = Boolean(q || values.state || values.verdict || values.owner || values.attention || values.adjusted)
  const shown = plan.lines.filter(
    (x) =>
      (!values.state || x.state === values.state) &&
      (!values.verdict || x.verdict === values.verdict) &&
      (!values.owner || (values.owner === '-' ? Boolean(tx(x.owner)) : x.owners.some((o) => o.code === values.owner))) &&
      (!values.attention || (values.attention === '1' ? x.attention.length > 0 : x.attention.includes(values.attention as Reason))) &&
      (!values.adjusted || x.version) &&
      found(x, q, tx(x.title)),
  )
  return { shown, filtered }
}

/** The plan's sections in its order, each with its lines. */
function sections(lines: BoardLine[]): { title: string; lines: BoardLine[] }[] {
  const out = new Map<string, BoardLine[]>()
  for (const x of lines) out.set(x.section ?? '', [...(out.get(x.section ?? '') ?? []), x])
  return [...out.entries()].map(([title, list]) => ({ title, lines: list }))
}

/**
 * Folds by section. On a phone they are closed, and of a closed one what needs
 * attention is listed short. The address has those that stand otherwise.
 */
function Folds({ plan, org, cases }: { plan: BoardPlan; org: string; cases: boolean }) {
  const { t } = useLang()
  const narrow = useNarrow()
  const { hash } = useLocation()
  const { shown, filtered } = useShown(plan)
  const usual = !narrow || filtered
  const list = sections(shown)
  const titles = (of: { title: string }[]) => of.map((s) => s.title)
  const folds = useFolds(titles(sections(plan.lines)), titles(list), usual)
  if (!list.length) return <Nothing title={t('board.empty')} />
  return (
    <>
      <FoldAll every={folds.every} />
      {list.map((s) => (
        <Fold
          key={s.title}
          title={s.title}
          lines={s.lines}
          open={folds.opened(s.title, s.lines.some((x) => `#${x.id}` === hash))}
          turn={(open) => folds.turn(s.title, open)}
          org={org}
          cases={cases}
        />
      ))}
    </>
  )
}

function Fold({ title, lines, open, turn, org, cases }: { title: string; lines: BoardLine[]; open: boolean; turn: (open: boolean) => void; org: string; cases: boolean }) {
  const { t } = useLang()
  const heeded = lines.filter((x) => x.attention.length > 0)
  return (
    <section className="board-fold">
      <FoldHead title={title} of={lines.map((x) => x.state)} open={open} turn={() => turn(!open)}>
        {heeded.length > 0 && (
          <span className="fold-state">
            <span className="tag" data-heed="">
              {t('board.attention')}
            </span>{' '}
            <small className="num">{heeded.length}</small>
          </span>
        )}
      </FoldHead>
      {open ? (
        <ol className="board">
          {lines.map((x) => (
            <Row key={x.id} x={x} org={org} cases={cases} />
          ))}
        </ol>
      ) : (
        heeded.length > 0 && (
          <ul className="board-heed">
            {heeded.map((x) => (
              <Heeded key={x.id} x={x} />
            ))}
          </ul>
        )
      )}
    </section>
  )
}

/** A target that needs attention, in a closed fold. */
function Heeded({ x }: { x: BoardLine }) {
  const { t, tx } = useLang()
  const { values } = useQuery()
  return (
    <li>
      <Link to={url('/plan', { seal: values.seal }) + '#' + x.id}>{tx(x.title)}</Link>{' '}
      <small>{x.attention.map((r) => t(`board.attention.${r}`)).join(t('board.join'))}</small>
    </li>
  )
}

function Row({ x, org, cases }: { x: BoardLine; org: string; cases: boolean }) {
  const { tx } = useLang()
  const { values } = useQuery()
  return (
    <li id={x.id} data-owned={x.owned}>
      <div className="board-what">
        <Link to={url('/plan', { seal: values.seal }) + '#' + x.id}>{tx(x.title)}</Link>
        <Owner x={x} />
      </div>
      <Standing x={x} />
      <Going x={x} />
      {cases && <Cases x={x} org={org} />}
    </li>
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
      <Adjusted x={x} />
      {x.missing !== null && (
        <span className="num board-missing">{x.missing > 0 ? t('board.missing', { n: plain(x.missing, 2) + tail }) : t('board.reached')}</span>
      )}
    </div>
  )
}

/** What the target was before, and by which decision and case it is another now. */
function Adjusted({ x }: { x: BoardLine }) {
  const { t, tx } = useLang()
  if (!x.version) return null
  const by = (x.versions ?? []).filter((v) => !v.original && (v.state === 'holds' || v.state === 'past'))
  const own = (x.versions ?? []).find((v) => v.original)
  return (
    <span className="board-adjusted">
      <span className="tag" data-adjusted="">
        {t('plan.version', { n: x.version })}
      </span>{' '}
      <small className="num">
        {t('plan.version.original')} {planWords(own?.value, tx(x.unit), x.direction) || t('plan.notStated')} {own?.deadline}
      </small>
      {by.map((v) => (
        <small key={v.no}>
          {t('board.evidence')} {v.decision}{' '}
          {v.case && (
            <Link className="num" to={`/cases/${v.case}`}>
              {v.case}
            </Link>
          )}
        </small>
      ))}
    </span>
  )
}

/** What was planned for the years, held against the figures. */
function Milestones({ x }: { x: BoardLine }) {
  const { t, tx } = useLang()
  if (!x.milestones?.length) return null
  const tail = unitTail(tx(x.unit))
  return (
    <span className="board-milestones">
      {x.behind && (
        <span className="tag" data-heed="">
          {t('plan.behind')}
        </span>
      )}
      {x.milestones.map((m) => (
        <small key={m.year} className="num" data-milestone={m.state}>
          {t('board.milestone', { year: m.year, value: plain(m.value, 2) + tail })}
          {m.state !== 'no_data' && <> {t(`state.${m.state as 'met' | 'not_met'}`)}</>}
        </small>
      ))}
    </span>
  )
}

function Going({ x }: { x: BoardLine }) {
  const { t, tx } = useLang()
  const tail = unitTail(tx(x.unit))
  const f = x.forecast
  return (
    <div className="board-going">
      <VerdictTag of={x.verdict} />
      <Milestones x={x} />
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

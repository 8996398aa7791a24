import { useEffect, useMemo } from 'react'
import { Link, useLocation } from 'react-router'
import { pairs, url } from '../api/client'
import type { Plan, PlanPage, PlanTarget, TargetState } from '../api/types'
import { useApi } from '../api/use'
import { BriefButtons } from '../components/BriefButtons'
import { FoldAll, FoldHead, useFolds } from '../components/Folds'
import { Versions } from '../components/Versions'
import { Certainty, Choice, PageHead, SealChoice, unitTail } from '../components/parts'
import { Nothing, Problem, StateTag, targetStates, Waiting, Withheld } from '../components/states'
import { useNarrow } from '../components/useNarrow'
import { useLang, useTitle } from '../i18n'
import { plain, planValue, planWords } from '../lib/format'
import { useLink, useQuery } from '../lib/link'

const statuses = ['target', 'rule', 'fact'] as const

interface Part {
  id: string
  title: string
  targets: PlanTarget[]
}
interface Chapter {
  title: string
  parts: Part[]
}

/** "第三章 三（一）" is part 三（一） of chapter 第三章. */
function tree(plan: Plan, tx: (w: never) => string, keep: (t: PlanTarget) => boolean): Chapter[] {
  const chapters = new Map<string, Part[]>()
  for (const [i, s] of (plan.sections ?? []).entries()) {
    const targets = (s.targets ?? []).filter(keep)
    if (!targets.length) continue
    const whole = tx(s.title as never)
    const [head = whole, ...rest] = whole.split(/\s+/)
    const list = chapters.get(head) ?? []
    list.push({ id: `${plan.id}-${i}`, title: rest.join(' '), targets })
    chapters.set(head, list)
  }
  return [...chapters.entries()].map(([title, parts]) => ({ title, parts }))
}

export default function PlanPageView() {
  const { t, tx } = useLang()
  const { values, set } = useQuery()
  const link = useLink()
  const { data, error, reload } = useApi<PlanPage>(url('/api/plan', { seal: values.seal }))
  useTitle(t('plan.title'), t('app.name'))
  const plans = useMemo(() => data?.plans ?? [], [data])
  const plan = plans.find((p) => p.id === values.plan) ?? plans[0]
  const q = (values.q ?? '').trim().toLowerCase()
  const all = useMemo(() => (plan?.sections ?? []).flatMap((s) => s.targets ?? []), [plan])
  const headlines = useMemo(
    () => all.filter((x) => x.headline).sort((a, b) => (a.headline ?? 0) - (b.headline ?? 0)),
    [all],
  )
  const chapters = useMemo(
    () =>
      plan
        ? tree(plan, tx as never, (x) => {
            if (values.state && x.state !== values.state) return false
            if (values.status && x.status !== values.status) return false
            return !q || `${x.id} ${tx(x.title)} ${x.quote ?? ''} ${tx(x.owner)}`.toLowerCase().includes(q)
          })
        : [],
    [plan, values.state, values.status, q, tx],
  )
  if (error) return <Problem error={error} retry={reload} />
  if (!data) return <Waiting rows={12} />
  if (!plan) return <Nothing title={t('plan.noPlan')} />
  const shown = chapters.reduce((n, c) => n + c.parts.reduce((m, p) => m + p.targets.length, 0), 0)
  const counted = (s: TargetState) => all.filter((x) => x.state === s).length
  return (
    <div className="page plan">
      <PageHead
        title={tx(plan.title)}
        lead={[plan.number, plan.issued, plan.from && plan.to ? t('plan.period', { from: plan.from, to: plan.to }) : '']
          .filter(Boolean)
          .join(' · ')}
      >
        {plans.length > 1 && (
          <Choice
            label={t('plan.title')}
            value={plan.id}
            options={plans.map((p) => ({ value: p.id, label: tx(p.title) }))}
            onChange={(v) => set({ plan: v })}
          />
        )}
        <SealChoice />
        <Link className="plain-button" to={link('/plan/board')}>
          {t('board.title')}
        </Link>
        <BriefButtons />
      </PageHead>

      {headlines.length > 0 && (
        <section aria-labelledby="plan-headlines">
          <h2 id="plan-headlines">{t('plan.headlinesN', { n: headlines.length })}</h2>
          <div className="scroll-x">
            <table className="plain-table headline-table">
              <thead>
                <tr>
                  <th scope="col" className="right">
                    #
                  </th>
                  <th scope="col">{t('common.name')}</th>
                  <th scope="col" className="right">
                    {t('plan.baseline')}
                  </th>
                  <th scope="col" className="right">
                    {t('plan.target')}
                  </th>
                  <th scope="col" className="right">
                    {t('plan.now')}
                  </th>
                  <th scope="col">{t('plan.state')}</th>
                  <th scope="col">{t('plan.owner')}</th>
                </tr>
              </thead>
              <tbody>
                {headlines.map((x) => (
                  <tr key={x.id}>
                    <td className="right num">{x.headline}</td>
                    <th scope="row">
                      <a href={`#${x.id}`}>{tx(x.title)}</a>
                    </th>
                    <td className="right num">{planWords(x.baseline, tx(x.unit)) || '—'}</td>
                    <td className="right">
                      <Aim x={x} />
                    </td>
                    <td className="right">
                      <Now x={x} />
                    </td>
                    <td>
                      <StateTag state={x.state} />
                    </td>
                    <td>{tx(x.owner) || <span className="muted">{t('plan.noOwner')}</span>}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        </section>
      )}

      <section aria-labelledby="plan-all">
        <div className="section-head">
          <h2 id="plan-all">{t('plan.all')}</h2>
          <span className="muted num">{t('plan.shown', { n: shown, total: all.length })}</span>
          <input
            type="search"
            className="find"
            value={values.q ?? ''}
            placeholder={t('plan.find')}
            aria-label={t('plan.find')}
            onChange={(e) => set({ q: e.target.value }, true)}
          />
          <Choice
            label={t('plan.status')}
            value={values.status ?? ''}
            options={[
              { value: '', label: t('common.all') },
              ...statuses.map((s) => ({ value: s, label: t(`plan.status.${s}`) })),
            ]}
            onChange={(v) => set({ status: v }, true)}
          />
        </div>
        <div className="state-filter" role="group" aria-label={t('plan.state')}>
          {targetStates
            .filter((s) => counted(s) > 0)
            .map((s) => (
              <button
                key={s}
                type="button"
                className="state-button"
                aria-pressed={values.state === s}
                onClick={() => set({ state: values.state === s ? null : s }, true)}
              >
                <StateTag state={s} /> <span className="num">{counted(s)}</span>
              </button>
            ))}
        </div>
        {!shown ? (
          <Nothing title={t('plan.none')} />
        ) : (
          <div className="plan-body">
            <nav className="plan-nav" aria-label={t('plan.section')}>
              <ol>
                {chapters.map((c) => (
                  <li key={c.title}>
                    <span>{c.title}</span>
                    <ol>
                      {c.parts.map((p) => (
                        <li key={p.id}>
                          <a href={`#${p.id}`}>
                            {p.title || c.title} <small className="num">{p.targets.length}</small>
                          </a>
                        </li>
                      ))}
                    </ol>
                  </li>
                ))}
              </ol>
            </nav>
            <Tree plan={plan} chapters={chapters} filtered={Boolean(values.state || values.status || q)} />
          </div>
        )}
      </section>
    </div>
  )
}

/** The plan's parts with their targets; on a phone each is a fold. */
function Tree({ plan, chapters, filtered }: { plan: Plan; chapters: Chapter[]; filtered: boolean }) {
  const { t } = useLang()
  const narrow = useNarrow()
  const { hash } = useLocation()
  const all = (plan.sections ?? []).map((_, i) => `${plan.id}-${i}`)
  const shown = chapters.flatMap((c) => c.parts.map((p) => p.id))
  const folds = useFolds(all, shown, !narrow || filtered)
  useEffect(() => {
    if (hash) document.getElementById(decodeURIComponent(hash.slice(1)))?.scrollIntoView()
  }, [hash])
  return (
    <div className="plan-tree">
      {narrow && <FoldAll every={folds.every} />}
      {chapters.map((c) => (
        <section key={c.title} aria-label={c.title}>
          {c.parts.map((p) => {
            const title = `${c.title} ${p.title}`
            const open = folds.opened(p.id, [p.id, ...p.targets.map((x) => x.id)].includes(hash.slice(1)))
            return (
              <div key={p.id} id={p.id} className="plan-part">
                {narrow ? (
                  <FoldHead title={title} of={p.targets.map((x) => x.state)} open={open} turn={() => folds.turn(p.id, !open)} level={3} />
                ) : (
                  <h3>
                    {title} <small className="num">{t('plan.n', { n: p.targets.length })}</small>
                  </h3>
                )}
                {open && (
                  <ul className="targets">
                    {p.targets.map((x) => (
                      <Entry key={x.id} x={x} />
                    ))}
                  </ul>
                )}
              </div>
            )
          })}
        </section>
      ))}
    </div>
  )
}

/** The target's value, or that the text has lost it, or never said it. */
function Aim({ x }: { x: PlanTarget }) {
  const { t, tx } = useLang()
  const w = planWords(x.target, tx(x.unit), x.direction)
  if (w) {
    return (
      <span className="num">
        {x.qualifier && <small className="hedge">{x.qualifier} </small>}
        {w}
      </span>
    )
  }
  return <span className="lost">{x.truncated || lostInText(x) ? t('plan.lost') : t('plan.notStated')}</span>
}

/** A numbered headline without a number lost it when the table was damaged. */
function lostInText(x: PlanTarget): boolean {
  return x.status === 'target' && (x.state === 'no_target' || Boolean(x.headline))
}

function Now({ x }: { x: PlanTarget }) {
  const { t, tx } = useLang()
  const link = useLink()
  if (x.figure?.suppressed) return <Withheld short />
  if (x.figure && x.figure.value !== null) {
    const text = plain(x.figure.value, 2) + unitTail(tx(x.figure.unit) || tx(x.unit))
    const id = x.indicator || x.figure.indicator
    return (
      <Link className="num" to={link(`/indicators/${id}`, { where: pairs(x.where) })} title={t('plan.figure')}>
        {text}
      </Link>
    )
  }
  const seen = x.observations?.[x.observations.length - 1]
  if (seen) {
    return (
      <span className="observed num" title={t('plan.observedWhy')}>
        {plain(seen.value)}
        {unitTail(tx(seen.unit) || tx(x.unit))}{' '}
        <small>
          {t('plan.observed')} {seen.year}
        </small>
      </span>
    )
  }
  return <span className="muted">—</span>
}

function Entry({ x }: { x: PlanTarget }) {
  const { t, tx } = useLang()
  const unit = tx(x.unit)
  const baseline = planValue(x.baseline)
  const details = x.note || x.baseline_quote || x.target_source || x.deadline_basis || (x.observations ?? []).length > 0
  return (
    <li id={x.id} className="target">
      <div className="target-head">
        <strong>
          {x.headline ? <span className="cell-n">{x.headline}</span> : null}
          {tx(x.title)}
        </strong>
        {x.version ? (
          <span className="tag" data-adjusted="">
            {t('plan.version', { n: x.version })}
          </span>
        ) : null}
        <StateTag state={x.state} />
      </div>
      {x.quote && <blockquote>{x.quote.replaceAll('\t', ' ')}</blockquote>}
      {x.truncated && <p className="lost">{t('plan.truncated')}</p>}
      <dl className="target-facts">
        {x.status === 'fact' ? (
          <div>
            <dt>{t('common.value')}</dt>
            <dd className="num">{planWords(x.baseline, unit) || planWords(x.target, unit) || '—'}</dd>
          </div>
        ) : (
          <>
            <div>
              <dt>
                {t('plan.baseline')}
                {baseline?.year ? ` ${baseline.year}` : ''}
              </dt>
              <dd className="num">{planWords(baseline, unit) || '—'}</dd>
            </div>
            <div>
              <dt>{x.status === 'rule' ? t('plan.status.rule') : t('plan.target')}</dt>
              <dd>
                {x.state === 'not_numbered' && !planWords(x.target, unit) ? (
                  <span className="muted">{t('state.not_numbered')}</span>
                ) : (
                  <Aim x={x} />
                )}
              </dd>
            </div>
            {x.deadline && (
              <div>
                <dt>{t('plan.deadline')}</dt>
                <dd className="num">{x.deadline}</dd>
              </div>
            )}
          </>
        )}
        <div>
          <dt>{t('plan.now')}</dt>
          <dd>
            <Now x={x} />
          </dd>
        </div>
        <div>
          <dt>{t('plan.owner')}</dt>
          <dd>{tx(x.owner) || <span className="muted">{t('plan.noOwner')}</span>}</dd>
        </div>
      </dl>
      <Versions x={x} />
      {details && (
        <details>
          <summary>{t('plan.details')}</summary>
          <dl className="target-more">
            {x.baseline_quote && (
              <>
                <dt>{t('plan.baselineQuote')}</dt>
                <dd>{x.baseline_quote.replaceAll('\t', ' ')}</dd>
              </>
            )}
            {x.target_source && (
              <>
                <dt>{t('plan.targetSource')}</dt>
                <dd lang="en">{x.target_source}</dd>
              </>
            )}
            {x.deadline_basis && (
              <>
                <dt>{t('plan.deadline')}</dt>
                <dd lang="en">{x.deadline_basis}</dd>
              </>
            )}
            {x.note && (
              <>
                <dt>{t('ind.note')}</dt>
                <dd lang="en">{x.note}</dd>
              </>
            )}
            {(x.observations ?? []).map((o, i) => (
              <div key={i} className="observation">
                <dt>
                  {t('plan.observed')} {o.year}
                </dt>
                <dd>
                  <span className="num">
                    {plain(o.value)}
                    {unitTail(tx(o.unit))}
                  </span>{' '}
                  {tx(o.source as never)} {o.ref} <Certainty of={o.certainty} />
                </dd>
              </div>
            ))}
          </dl>
        </details>
      )}
    </li>
  )
}

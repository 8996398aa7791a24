import { useMemo } from 'react'
import { Link, useParams } from 'react-router'
import { pairs, url } from '../api/client'
import type { Figure, IndicatorPage as Page, Limit, Words } from '../api/types'
import { useApi } from '../api/use'
import { AreaMap, useBoundaries } from '../components/AreaMap'
import { Chart } from '../components/Chart'
import {
  BasisList,
  Certainty,
  Choice,
  Crumbs,
  cutWords,
  PageHead,
  Pager,
  SealChoice,
  sealId,
  unitTail,
  useYearName,
  Value,
  Verified,
  YearChoice,
} from '../components/parts'
import { Nothing, Problem, StateTag, Waiting, Withheld } from '../components/states'
import { useLang, useTitle } from '../i18n'
import { yearsOption } from '../lib/chart'
import { number, percent, plain, planNumber, planValue, planWords } from '../lib/format'
import { useLink, useQuery } from '../lib/link'
import { readPairs } from '../lib/pairs'
import { useSession } from '../session'

export default function IndicatorPage() {
  const { id = '' } = useParams()
  const { t, tx } = useLang()
  const { session } = useSession()
  const { values, set } = useQuery()
  const link = useLink()
  const path = `/api/indicators/${encodeURIComponent(id)}`
  const asked = { org: values.org, seal: values.seal, year: values.year, where: values.where }
  const { data, error, loading, reload } = useApi<Page>(url(path, asked), true)
  const fixed = Object.keys(readPairs(values.where))
  const cuts = cutsBeside(data?.indicator.by, fixed)
  const area = session?.city.area_dim ?? ''
  const by = cuts.find((c) => c === values.by) ?? cuts.find((c) => c === area) ?? cuts[0] ?? ''
  const parts = useApi<Page>(data && by ? url(path, { ...asked, by }) : null, true)
  const name = useYearName()
  const ind = data?.indicator
  const title = tx(ind?.title)
  useTitle(title, t('ind.title'), t('app.name'))
  if (error) return <Problem error={error} retry={reload} />
  if (!data || !ind) return <Waiting rows={10} />

  const unit = tx(ind.unit)
  const where = readPairs(values.where)
  const total = data.total
  const year = data.year || total?.year || Number(values.year) || 0
  const past = [...(data.own_past ?? [])].sort((a, b) => a.year - b.year)
  const years = data.years?.length ? data.years : past.map((f) => f.year)
  const target = data.target
  const wanted = target
    ? (planValue(target.target) ??
      planValue({ value: null, min: target.target_min ?? null, max: target.target_max ?? null }))
    : null
  return (
    <div className="page indicator" aria-busy={loading}>
      <PageHead
        crumbs={
          <Crumbs
            items={[
              { title: tx(data.org?.title), to: link('/') },
              { title: t('ind.title'), to: link('/indicators') },
              { title },
            ]}
          />
        }
        title={title}
        lead={[
          ind.kind in kinds ? t(`kind.${ind.kind as keyof typeof kinds}`) : ind.kind,
          ind.better === 'higher' || ind.better === 'lower' ? t(`better.${ind.better}`) : '',
          unit ? t('common.unit', { unit }) : '',
        ]
          .filter(Boolean)
          .join(' · ')}
      >
        <YearChoice years={years} year={year} />
        <SealChoice />
      </PageHead>

      <div className="two figure-head">
        <section className="now-box" aria-label={t('common.value')}>
          <p className="now-when">
            {year ? name(year) : ''}
            {total && Object.keys(total.by ?? {}).length > 0 && <> · {cutWords(total, tx)}</>}
          </p>
          <p className="now-value">
            {total?.suppressed ? (
              <Withheld />
            ) : total && total.value !== null ? (
              <>
                <span className="num">{number(total.value, ind.decimals)}</span>
                <small>{unitTail(unit)}</small>
              </>
            ) : (
              <span className="none">{t('state.no_data')}</span>
            )}
          </p>
          {total && !total.suppressed && <Parts id={id} figure={total} />}
          {total && (
            <p className="now-foot">
              {t('common.count')} <span className="num">{number(total.n)}</span> · {t('common.verified')}{' '}
              <span className="num">{percent(total.verified_share, 1)}</span> · {t('common.seal')}{' '}
              <span className="mono">{total.seal || sealId(data.seal)}</span>
            </p>
          )}
          {target && (
            <div className="now-target">
              <h3>
                {t('ind.target')} <StateTag state={target.state} />
              </h3>
              <p>
                {t('dash.baseline')}
                {target.baseline_year ? ` ${target.baseline_year}` : ''}{' '}
                <span className="num">{planWords(planValue(target.baseline), unit) || '—'}</span>
                {' → '}
                {t('dash.target')}
                {target.deadline ? ` ${target.deadline}` : ''}{' '}
                {wanted ? (
                  <span className="num">{planWords(wanted, unit, target.direction)}</span>
                ) : target.state === 'no_target' ? (
                  <span className="lost">{t('dash.lost')}</span>
                ) : (
                  <span className="muted">{t('state.not_numbered')}</span>
                )}
              </p>
              {target.quote && <blockquote>{target.quote}</blockquote>}
            </div>
          )}
        </section>
        <section className="how" aria-label={t('ind.formula')}>
          <dl>
            <dt>{t('ind.formula')}</dt>
            <dd>{tx(ind.formula) || '—'}</dd>
            {tx(ind.symbols) && (
              <>
                <dt>{t('ind.symbols')}</dt>
                <dd className="symbols">{tx(ind.symbols)}</dd>
              </>
            )}
            {ind.limit && (
              <>
                <dt>{t('ind.limit')}</dt>
                <dd>
                  <LimitWords limit={ind.limit} unit={unit} tx={tx} />
                </dd>
              </>
            )}
            <dt>{t('ind.basis')}</dt>
            <dd>
              <BasisList items={ind.basis} />
            </dd>
            {tx(ind.note) && (
              <>
                <dt>{t('ind.note')}</dt>
                <dd>{tx(ind.note)}</dd>
              </>
            )}
          </dl>
        </section>
      </div>

      <Past id={id} figures={past} decimals={ind.decimals} unit={unit} title={title} target={planNumber(wanted)} />

      <section aria-labelledby="by">
        <div className="section-head">
          <h2 id="by">{t('ind.by')}</h2>
          {cuts.length > 0 && (
            <Choice
              label={t('ind.cuts')}
              value={by}
              options={cuts.map((c) => ({
                value: c,
                label: c
                  .split(',')
                  .map((d) => dimTitle(data, d, tx))
                  .join(' × '),
              }))}
              onChange={(v) => set({ by: v, at: null }, true)}
            />
          )}
          <span className="muted">{t('common.byCode')}</span>
        </div>
        {!cuts.length ? (
          <Nothing title={t('ind.noCut')} />
        ) : parts.error ? (
          <Problem error={parts.error} retry={parts.reload} />
        ) : !parts.data ? (
          <Waiting />
        ) : (
          <Rows page={parts.data} by={by} where={where} year={parts.data.year || year} areaDim={area} />
        )}
      </section>
    </div>
  )
}

/** Which cuts can be shown when some dimensions are held at a value. */
function cutsBeside(declared: string[][] | null | undefined, fixed: string[]): string[] {
  return (declared ?? [])
    .filter((c) => fixed.every((f) => c.includes(f)))
    .map((c) => c.filter((d) => !fixed.includes(d)).join(','))
    .filter(Boolean)
}

const kinds = { count: 1, sum: 1, share: 1, ratio: 1, mean: 1, cv: 1, passes: 1 }

/** What a dimension is called: as the indicator says, else its id. */
function dimTitle(page: Page, id: string, tx: (w: Words) => string): string {
  return tx(page.indicator.dims?.find((d) => d.id === id)?.title) || id
}

function LimitWords({ limit, unit, tx }: { limit: Limit; unit: string; tx: (w: Words) => string }) {
  return (
    <>
      {tx(limit.title)}{' '}
      <span className="num">
        {limit.value === null || limit.value === undefined ? '' : plain(limit.value) + unitTail(tx(limit.unit) || unit)}
      </span>
      {tx(limit.source) && <small className="muted"> {tx(limit.source)}</small>}
      {limit.verified === false && <Certainty of="M" />}
    </>
  )
}

/** Numerator and denominator, each leading to its records. */
function Parts({ id, figure }: { id: string; figure: Figure }) {
  const { t } = useLang()
  return (
    <p className="parts">
      <span>
        {t('common.numerator')} <span className="num">{plain(figure.numerator)}</span>{' '}
        <BehindLink id={id} figure={figure} part="numerator" />
      </span>
      {figure.denominator !== null && figure.denominator !== undefined && (
        <span>
          {t('common.denominator')} <span className="num">{plain(figure.denominator)}</span>{' '}
          <BehindLink id={id} figure={figure} part="denominator" />
        </span>
      )}
    </p>
  )
}

function BehindLink({
  id,
  figure,
  part,
  text,
}: {
  id: string
  figure: Figure
  part: 'numerator' | 'denominator'
  text?: string
}) {
  const { t } = useLang()
  const { may } = useSession()
  const link = useLink()
  if (!may('behind')) return text ? <>{text}</> : null
  return (
    <Link
      to={link(`/indicators/${id}/behind`, { part, where: pairs(figure.by), year: figure.year || null })}
      aria-label={part === 'numerator' ? t('ind.behindNum') : t('ind.behindDen')}
      title={part === 'numerator' ? t('ind.behindNum') : t('ind.behindDen')}
      className={text ? 'num' : 'behind-link'}
    >
      {text ?? t('ind.behind')}
    </Link>
  )
}

function Past({
  id,
  figures,
  decimals,
  unit,
  title,
  target,
}: {
  id: string
  figures: Figure[]
  decimals: number
  unit: string
  title: string
  target: number | null
}) {
  const { t } = useLang()
  const name = useYearName()
  const tail = unitTail(unit)
  const targetName = t('dash.target')
  const option = useMemo(
    () =>
      yearsOption({
        points: figures.map((f) => [f.year, f.suppressed ? null : f.value]),
        decimals,
        unit: tail,
        yearName: name,
        target,
        targetName,
      }),
    // eslint-disable-next-line
    [figures.map((f) => `${f.year}:${f.value}`).join(), decimals, tail, target, targetName],
  )
  if (!figures.length) return null
  return (
    <section aria-labelledby="past">
      <h2 id="past">{t('ind.past')}</h2>
      <div className={figures.length > 1 ? 'two' : ''}>
        {figures.length > 1 && <Chart option={option} height={220} label={t('ind.pastAlt', { title })} />}
        <div className="scroll-x">
          <table className="plain-table">
            <thead>
              <tr>
                <th scope="col">{t('common.year')}</th>
                <th scope="col" className="right">
                  {t('common.value')}
                </th>
                <th scope="col" className="right">
                  {t('common.numerator')}
                </th>
                <th scope="col" className="right">
                  {t('common.denominator')}
                </th>
                <th scope="col">{t('common.verified')}</th>
              </tr>
            </thead>
            <tbody>
              {[...figures].reverse().map((f) => (
                <FigureCells key={f.year} id={id} figure={f} head={name(f.year)} decimals={decimals} unit={unit} />
              ))}
            </tbody>
          </table>
        </div>
      </div>
    </section>
  )
}

function FigureCells({
  id,
  figure: f,
  head,
  decimals,
  unit,
}: {
  id: string
  figure: Figure
  head: React.ReactNode
  decimals: number
  unit: string
}) {
  return (
    <tr>
      <th scope="row">{head}</th>
      <td className="right">
        <Value figure={f} decimals={decimals} unit={unit} />
      </td>
      <td className="right num">
        {f.suppressed || f.numerator === null ? (
          '—'
        ) : (
          <BehindLink id={id} figure={f} part="numerator" text={plain(f.numerator)} />
        )}
      </td>
      <td className="right num">
        {f.suppressed || f.denominator === null || f.denominator === undefined ? (
          '—'
        ) : (
          <BehindLink id={id} figure={f} part="denominator" text={plain(f.denominator)} />
        )}
      </td>
      <td>
        <Verified share={f.suppressed ? null : f.verified_share} />
      </td>
    </tr>
  )
}

function Rows({
  page,
  by,
  where,
  year,
  areaDim,
}: {
  page: Page
  by: string
  where: Record<string, string>
  year: number
  areaDim: string
}) {
  const { t, tx } = useLang()
  const { values, set } = useQuery()
  const ind = page.indicator
  const unit = tx(ind.unit)
  const dims = useMemo(() => by.split(','), [by])
  const rows = useMemo(
    () =>
      [...(page.rows ?? [])]
        .filter(
          (f) =>
            (!year || !f.year || f.year === year) &&
            Object.entries(where).every(([k, v]) => !f.by?.[k] || f.by[k] === v),
        )
        .sort((a, b) => {
          for (const d of dims) {
            const c = (a.by?.[d] ?? '').localeCompare(b.by?.[d] ?? '')
            if (c) return c
          }
          return 0
        }),
    [page.rows, year, where, dims],
  )
  const one = dims.length === 1 && dims[0] === areaDim
  const areas = useMemo(
    () =>
      one
        ? rows.map((f) => ({
            code: f.by?.[areaDim] ?? '',
            name: tx(f.labels?.[areaDim]) || (f.by?.[areaDim] ?? ''),
            value: f.suppressed ? null : f.value,
          }))
        : [],
    [one, rows, areaDim, tx],
  )
  const boundaries = useBoundaries(useMemo(() => areas.map((a) => a.code), [areas]))
  if (!rows.length) return <Nothing title={t('ind.noRows')} />
  const limit = 50
  const offset = Math.min(Number(values.at) || 0, Math.floor((rows.length - 1) / limit) * limit)
  const most = Math.max(...rows.map((f) => (f.suppressed || f.value === null ? 0 : Math.abs(f.value))), 0)
  return (
    <div className={one && boundaries && areas.length > 1 ? 'two map-first' : ''}>
      {one && boundaries && areas.length > 1 && (
        <AreaMap
          areas={areas}
          decimals={ind.decimals}
          unit={unit}
          title={tx(ind.title)}
          boundaries={boundaries}
          height={380}
        />
      )}
      <div className="scroll-x">
        <table className="plain-table">
          <thead>
            <tr>
              {dims.map((d) => (
                <th scope="col" key={d}>
                  {dimTitle(page, d, tx)}
                </th>
              ))}
              <th scope="col" className="right">
                {t('common.value')}
                {unit && <small>{t('common.paren', { text: unit })}</small>}
              </th>
              <th className="bar-cell" aria-hidden="true" />
              <th scope="col" className="right">
                {t('common.numerator')}
              </th>
              <th scope="col" className="right">
                {t('common.denominator')}
              </th>
              <th scope="col">{t('common.verified')}</th>
            </tr>
          </thead>
          <tbody>
            {rows.slice(offset, offset + limit).map((f, i) => (
              <tr key={i}>
                {dims.map((d, j) => {
                  const label = (
                    <>
                      {tx(f.labels?.[d]) || f.by?.[d] || '—'}
                      {tx(f.labels?.[d]) && <span className="mono code"> {f.by?.[d]}</span>}
                    </>
                  )
                  return j === 0 ? (
                    <th scope="row" key={d}>
                      {label}
                    </th>
                  ) : (
                    <td key={d}>{label}</td>
                  )
                })}
                <td className="right">
                  <Value figure={f} decimals={ind.decimals} />
                </td>
                <td className="bar-cell" aria-hidden="true">
                  {!f.suppressed && f.value !== null && most > 0 && (
                    <i style={{ width: `${(Math.abs(f.value) / most) * 100}%` }} />
                  )}
                </td>
                <td className="right num">
                  {f.suppressed || f.numerator === null ? (
                    '—'
                  ) : (
                    <BehindLink id={ind.id} figure={f} part="numerator" text={plain(f.numerator)} />
                  )}
                </td>
                <td className="right num">
                  {f.suppressed || f.denominator === null || f.denominator === undefined ? (
                    '—'
                  ) : (
                    <BehindLink id={ind.id} figure={f} part="denominator" text={plain(f.denominator)} />
                  )}
                </td>
                <td>
                  <Verified share={f.suppressed ? null : f.verified_share} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
        {rows.length > limit && (
          <Pager total={rows.length} offset={offset} limit={limit} onGo={(o) => set({ at: o || null }, true)} />
        )}
      </div>
    </div>
  )
}

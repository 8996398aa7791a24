import { useMemo, useState } from 'react'
import { Link, useNavigate } from 'react-router'
import { pairs, url } from '../api/client'
import type {
  Dashboard as Page,
  Headline,
  HeadlineTarget,
  IndicatorPage,
  Org,
  PlanValue,
  Trend,
  Words,
} from '../api/types'
import { useApi } from '../api/use'
import { AreaMap, useBoundaries } from '../components/AreaMap'
import { Bullet } from '../components/Bullet'
import { Chart } from '../components/Chart'
import {
  Choice,
  Crumbs,
  PageHead,
  Pager,
  sealId,
  SealChoice,
  unitTail,
  useOrgCrumbs,
  useYearName,
  Verified,
  YearChoice,
} from '../components/parts'
import { Nothing, Problem, StateTag, Waiting, Withheld } from '../components/states'
import { useLang, useTitle } from '../i18n'
import { yearsOption } from '../lib/chart'
import { day, number, percent, planNumber, planValue, planWords, signed } from '../lib/format'
import { useLink, useQuery } from '../lib/link'
import { useSession } from '../session'

/** The same indicator may head twice, cut to different groups. */
const headlineKey = (h: { indicator: string; where?: Record<string, string> | null }) =>
  [h.indicator, pairs(h.where)].filter(Boolean).join('|')

/** "Class size · primary": the title, and the cut it is taken at. */
function headlineTitle(h: Headline, tx: (w: Words) => string): string {
  const cut = Object.keys(h.where ?? {}).map((k) => tx(h.where_labels?.[k]) || (h.where?.[k] ?? ''))
  return [tx(h.title), ...cut].join(' · ')
}

const aim = (t: HeadlineTarget): PlanValue | null =>
  planValue(t.target) ?? planValue({ value: null, min: t.target_min ?? null, max: t.target_max ?? null })

export default function Dashboard() {
  const { session, seals } = useSession()
  const { t, tx } = useLang()
  const { values } = useQuery()
  const { data, error, loading, reload } = useApi<Page>(
    url('/api/dashboard', { org: values.org, seal: values.seal, year: values.year }),
    true,
  )
  const name = useYearName()
  const crumbs = useOrgCrumbs('/', data?.crumbs, data?.org)
  useTitle(t('dash.title'), tx(data?.org.title), t('app.name'))

  if (error) return <Problem error={error} retry={reload} />
  if (!data) return <Waiting rows={10} />
  // Below the city only what is made for such a unit; the rest is named, not drawn empty.
  const top = !data.org.parent || data.org.code === session?.city.root
  const made = (h: Headline) => h.value !== null || h.suppressed || (h.previous !== null && h.previous !== undefined)
  const all = data.headlines ?? []
  const headlines = top || !all.some(made) ? all : all.filter(made)
  const left = all.filter((h) => !headlines.includes(h))
  const sealed = sealId(data.seal)
  const seal = seals.find((s) => s.id === sealed)
  return (
    <div className="page dashboard" aria-busy={loading}>
      <PageHead
        crumbs={crumbs.length > 1 ? <Crumbs items={crumbs} /> : undefined}
        title={tx(data.org.title) || tx(session?.city.title)}
        lead={
          sealed ? (
            <>
              {data.year ? name(data.year) + ' · ' : ''}
              {t('common.seal')} <span className="mono">{sealed}</span>
              {seal?.at ? ` · ${day(seal.at)}` : ''}
              {seal?.note ? ` · ${seal.note}` : ''}
            </>
          ) : (
            t('common.noSeal')
          )
        }
      >
        <YearChoice years={data.years} year={data.year} />
        <SealChoice />
        <button type="button" className="plain-button no-narrow" onClick={() => window.print()}>
          {t('common.print')}
        </button>
      </PageHead>

      {!sealed || !headlines.length ? (
        <Nothing title={t('dash.noFigures')} text={t('dash.noFiguresText')} />
      ) : (
        <section aria-labelledby="headlines">
          <h2 id="headlines">{t('dash.headlines')}</h2>
          <ol className="palace" data-n={headlines.length}>
            {headlines.map((h, i) => (
              <HeadlineCell key={headlineKey(h)} h={h} n={i + 1} area={data.org.code} />
            ))}
          </ol>
          {left.length > 0 && (
            <p className="muted left-out">
              {t('dash.notMade', { names: left.map((h) => headlineTitle(h, tx)).join(t('common.comma')) })}
            </p>
          )}
        </section>
      )}

      <Below page={data} />
      <Trends trends={data.trends ?? []} headlines={all} />
      <Health page={data} />
    </div>
  )
}

function HeadlineCell({ h, n, area }: { h: Headline; n: number; area: string }) {
  const { t, tx } = useLang()
  const link = useLink()
  const unit = tx(h.unit)
  const target = h.target
  const baseline = planValue(target?.baseline)
  const baseYear = target?.baseline_year || baseline?.year
  const to = link(`/indicators/${h.indicator}`, { org: area, where: pairs(h.where) })
  const change = h.value !== null && h.previous !== null && h.previous !== undefined ? h.value - h.previous : null
  return (
    <li className="cell">
      <Link to={to} className="cell-link">
        <span className="cell-head">
          <span className="cell-n" aria-hidden="true">
            {n}
          </span>
          <span className="cell-title">{headlineTitle(h, tx)}</span>
          {target && <StateTag state={target.state} />}
        </span>
        <span className="cell-now">
          {h.suppressed ? (
            <Withheld />
          ) : h.value === null ? (
            <span className="big none">{t('state.no_data')}</span>
          ) : (
            <span className="big num">
              {number(h.value, h.decimals)}
              <small>{unitTail(unit)}</small>
            </span>
          )}
          {change !== null && (
            <span className="change">
              {t('dash.previous')} <span className="num">{signed(change, h.decimals)}</span>
            </span>
          )}
        </span>
        {target && (
          <Bullet
            baseline={planNumber(target?.baseline)}
            target={target ? planNumber(aim(target)) : null}
            now={h.suppressed ? null : h.value}
          />
        )}
        <span className="cell-foot">
          {target ? (
            <>
              <span>
                <em>
                  {t('dash.baseline')}
                  {baseYear ? ` ${baseYear}` : ''}
                </em>{' '}
                <span className="num">{baseline ? planWords(baseline, unit) : '—'}</span>
              </span>
              <span>
                <em>
                  {t('dash.target')}
                  {target?.deadline ? ` ${target.deadline}` : ''}
                </em>{' '}
                <TargetWords target={target} unit={unit} />
                {target.version ? <em title={target.decision}> {t('plan.version', { n: target.version })}</em> : null}
              </span>
            </>
          ) : (
            <span>
              <em>{t('common.count')}</em> <span className="num">{number(h.n)}</span>
            </span>
          )}
          <span>
            <em>{t('common.verified')}</em> <span className="num">{percent(h.verified_share)}</span>
          </span>
        </span>
      </Link>
    </li>
  )
}

function TargetWords({ target, unit }: { target: HeadlineTarget; unit: string }) {
  const { t } = useLang()
  const w = planWords(aim(target), unit, target.direction)
  if (w) return <span className="num">{w}</span>
  if (target.state === 'no_target') return <span className="lost">{t('dash.lost')}</span>
  return <span className="muted">{t('state.not_numbered')}</span>
}

/** Units of a level that has figures on the map come first; each level in order of code. */
function inOrder(units: Org[], onMap: Record<string, number | null>): Org[] {
  const leading = new Set(units.filter((u) => u.code in onMap).map((u) => u.level))
  const rank = (u: Org) => (leading.has(u.level) ? 0 : 1)
  return [...units].sort((a, b) => rank(a) - rank(b) || a.code.localeCompare(b.code))
}

/** The words that most names end in (" Education Bureau"): left off where room is short. */
function commonTail(names: string[]): string {
  const count = new Map<string, number>()
  for (const n of names) {
    for (let at = n.indexOf(' '); at > 0; at = n.indexOf(' ', at + 1))
      count.set(n.slice(at), (count.get(n.slice(at)) ?? 0) + 1)
  }
  const shared = [...count].filter(([, k]) => k > names.length / 2).map(([s]) => s)
  return shared.sort((a, b) => b.length - a.length)[0] ?? ''
}

/** Areas or units below: map and table of one chosen headline, in order of code. */
function Below({ page }: { page: Page }) {
  const { session } = useSession()
  const { t, tx, lang } = useLang()
  const link = useLink()
  const { values, set } = useQuery()
  const go = useNavigate()
  const children = useMemo(() => inOrder(page.children ?? [], page.map?.values ?? {}), [page.children, page.map])
  const headlines = page.headlines ?? []
  const first = headlines.find((h) => page.map && headlineKey(h) === headlineKey(page.map)) ?? headlines[0]
  const chosen = headlines.find((h) => headlineKey(h) === values.map) ?? first
  const areaDim = session?.city.area_dim
  const own = chosen === first && page.map?.values ? page.map.values : null
  const cut = [areaDim ?? '', ...Object.keys(chosen?.where ?? {})].filter(Boolean).join(',')
  const other = useApi<IndicatorPage>(
    chosen && areaDim && !own && children.length
      ? url(`/api/indicators/${chosen.indicator}`, {
          org: page.org.code,
          seal: values.seal,
          year: page.year,
          by: cut,
          where: pairs(chosen.where),
        })
      : null,
  )
  const figures = useMemo(() => {
    if (own) return own
    const out: Record<string, number | null> = {}
    for (const r of other.data?.rows ?? []) {
      const fits = Object.entries(chosen?.where ?? {}).every(([k, v]) => !r.by?.[k] || r.by[k] === v)
      const code = r.by?.[areaDim ?? '']
      if (fits && code && (!r.year || r.year === page.year)) out[code] = r.suppressed ? null : r.value
    }
    return out
  }, [own, other.data, chosen, areaDim, page.year])
  const codes = useMemo(
    () => [...new Set([...children.map((c) => c.code), ...Object.keys(figures)])].sort(),
    [children, figures],
  )
  const boundaries = useBoundaries(codes)
  const areas = useMemo(() => {
    // On the map an area goes by its own name, not by the office that answers for it.
    const titles = new Map<string, string>()
    for (const f of boundaries?.geo.features ?? []) {
      const code = String(f.properties[boundaries?.property ?? ''])
      if (typeof f.properties.name === 'string' && lang === 'zh') titles.set(code, f.properties.name)
    }
    const tail = commonTail(children.map((c) => tx(c.title)))
    for (const c of children) {
      const title = tx(c.title)
      if (!titles.has(c.code))
        titles.set(c.code, title.endsWith(tail) ? title.slice(0, -tail.length || undefined) : title)
    }
    for (const r of other.data?.rows ?? []) {
      const code = r.by?.[areaDim ?? '']
      if (code && !titles.has(code)) titles.set(code, tx(r.labels?.[areaDim ?? '']))
    }
    return codes.map((code) => ({ code, name: titles.get(code) || code, value: figures[code] ?? null }))
  }, [codes, children, figures, other.data, boundaries, areaDim, tx, lang])

  if (!children.length) return null
  const hasFigures = children.some((c) => c.code in figures)
  const isAreas = hasFigures || areas.filter((a) => a.value !== null).length > 1
  const unit = tx(chosen?.unit)
  const map = isAreas && boundaries && chosen
  return (
    <section aria-labelledby="below" className="below">
      <div className="section-head">
        <h2 id="below">{map ? t('dash.map') : t('dash.children')}</h2>
        {chosen && headlines.length > 1 && isAreas && (
          <Choice
            label={t('dash.mapOf')}
            value={headlineKey(chosen)}
            options={headlines.map((h) => ({ value: headlineKey(h), label: headlineTitle(h, tx) }))}
            onChange={(v) => set({ map: v === (first ? headlineKey(first) : '') ? null : v }, true)}
          />
        )}
      </div>
      <div className={map ? 'two' : ''}>
        {map && (
          <AreaMap
            areas={areas}
            decimals={chosen.decimals}
            unit={unit}
            title={headlineTitle(chosen, tx)}
            boundaries={boundaries}
            onPick={(code) => children.some((c) => c.code === code) && go(link('/', { org: code }))}
          />
        )}
        <Children units={children} figures={hasFigures ? figures : null} headline={chosen} unit={unit} />
      </div>
    </section>
  )
}

function Children({
  units,
  figures,
  headline,
  unit,
}: {
  units: Org[]
  figures: Record<string, number | null> | null
  headline: Headline | undefined
  unit: string
}) {
  const { t, tx } = useLang()
  const link = useLink()
  const [find, setFind] = useState('')
  const [offset, setOffset] = useState(0)
  const shown = useMemo(
    () =>
      units.filter((c) => !find || c.code.startsWith(find) || tx(c.title).toLowerCase().includes(find.toLowerCase())),
    [units, find, tx],
  )
  const limit = 20
  return (
    <div className="units">
      {units.length > limit && (
        <input
          type="search"
          className="find"
          value={find}
          placeholder={t('dash.findChild')}
          aria-label={t('dash.findChild')}
          onChange={(e) => {
            setFind(e.target.value)
            setOffset(0)
          }}
        />
      )}
      <table className="plain-table">
        <caption>
          {t('common.byCode')}
          {figures && headline ? ` · ${headlineTitle(headline, tx)}` : ''}
        </caption>
        <thead>
          <tr>
            <th scope="col">{t('common.code')}</th>
            <th scope="col">{t('common.name')}</th>
            {figures && (
              <th scope="col" className="right">
                {t('common.value')}
                {unit && <small>{t('common.paren', { text: unit })}</small>}
              </th>
            )}
          </tr>
        </thead>
        <tbody>
          {shown.slice(offset, offset + limit).map((c) => (
            <tr key={c.code}>
              <td className="mono code">{c.code}</td>
              <td>
                <Link to={link('/', { org: c.code })}>{tx(c.title) || c.code}</Link>
              </td>
              {figures && (
                <td className="right num">
                  {c.code in figures ? (
                    figures[c.code] === null ? (
                      <Withheld short />
                    ) : (
                      number(figures[c.code], headline?.decimals ?? 0)
                    )
                  ) : (
                    '—'
                  )}
                </td>
              )}
            </tr>
          ))}
        </tbody>
      </table>
      {units.length > limit && <Pager total={shown.length} offset={offset} limit={limit} onGo={setOffset} />}
    </div>
  )
}

function Trends({ trends, headlines }: { trends: Trend[]; headlines: Headline[] }) {
  const { t } = useLang()
  const shown = trends.filter((x) => (x.points ?? []).length > 0)
  if (!shown.length) return null
  return (
    <section aria-labelledby="trends">
      <h2 id="trends">{t('dash.trends')}</h2>
      <div className="trends">
        {shown.map((x) => (
          <TrendCell
            key={headlineKey(x)}
            trend={x}
            headline={headlines.find((h) => headlineKey(h) === headlineKey(x))}
          />
        ))}
      </div>
    </section>
  )
}

function TrendCell({ trend, headline }: { trend: Trend; headline: Headline | undefined }) {
  const { t, tx } = useLang()
  const name = useYearName()
  const decimals = trend.decimals ?? headline?.decimals ?? 1
  const unit = unitTail(tx(trend.unit))
  const points = trend.points ?? []
  const target = headline?.target ? planNumber(aim(headline.target)) : null
  const targetName = t('dash.target')
  const option = useMemo(
    () => yearsOption({ points, decimals, unit, yearName: name, target, targetName }),
    // The points are the trend's own; a new answer brings a new trend.
    // eslint-disable-next-line
    [trend, decimals, unit, target, targetName],
  )
  const words = points.map(([y, v]) => `${y} ${number(v, decimals)}${unit}`).join('，')
  return (
    <figure className="trend">
      <figcaption>
        {headline ? headlineTitle(headline, tx) : tx(trend.title)}
        {unit && <small> {unit.trim()}</small>}
      </figcaption>
      {points.length < 2 ? (
        <p className="one-point">
          <span className="num">
            {points[0] ? `${name(points[0][0])} · ${number(points[0][1], decimals)}${unit}` : ''}
          </span>
          <small>{t('dash.onePoint')}</small>
        </p>
      ) : (
        <Chart option={option} height={132} label={t('dash.trendAlt', { title: tx(trend.title), points: words })} />
      )}
    </figure>
  )
}

function Health({ page }: { page: Page }) {
  const { t, tx } = useLang()
  const link = useLink()
  const { may } = useSession()
  const stale = page.stale ?? []
  const counts = page.counts ?? []
  const empty = counts.filter((c) => c.rows === 0)
  if (!stale.length && !counts.length) return null
  const org = page.org.code
  const open = (entity: string, title: string) =>
    may('read') ? <Link to={link(`/records/${entity}`, { org, year: null })}>{title}</Link> : title
  return (
    <section aria-labelledby="health" className="health">
      <div className="section-head">
        <h2 id="health">{t('dash.health')}</h2>
        <p className="muted">
          {t('dash.healthLead')} {may('read') && <Link to="/verify/rounds">{t('ver.dashRounds')}</Link>}
        </p>
      </div>
      <div className="two even">
        {stale.length > 0 && (
          <div className="scroll-x">
            <table className="plain-table">
              <thead>
                <tr>
                  <th scope="col">{t('dash.entity')}</th>
                  <th scope="col" className="right">
                    {t('common.count')}
                  </th>
                  <th scope="col" className="right">
                    {t('dash.staleRows')}
                  </th>
                  <th scope="col">{t('common.verified')}</th>
                  <th scope="col">{t('dash.last')}</th>
                </tr>
              </thead>
              <tbody>
                {stale.map((s) => (
                  <tr key={s.entity}>
                    <td>{open(s.entity, tx(s.title))}</td>
                    <td className="right num">{number(s.rows)}</td>
                    <td className="right num">{number(s.rows - s.verified)}</td>
                    <td>
                      <Verified share={s.share} />
                    </td>
                    <td className="num">{day(s.last) || '—'}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        )}
        {counts.length > 0 && (
          <div>
            <dl className="counts" aria-label={t('dash.counts')}>
              {counts
                .filter((c) => c.rows > 0)
                .map((c) => (
                  <div key={c.entity}>
                    <dt>{open(c.entity, tx(c.title))}</dt>
                    <dd className="num">{number(c.rows)}</dd>
                  </div>
                ))}
            </dl>
            {empty.length > 0 && (
              <details className="counts-empty">
                <summary>{t('dash.empty', { n: empty.length })}</summary>
                <ul>
                  {empty.map((c) => (
                    <li key={c.entity}>{open(c.entity, tx(c.title))}</li>
                  ))}
                </ul>
              </details>
            )}
          </div>
        )}
      </div>
    </section>
  )
}

import { useMemo } from 'react'
import { Link } from 'react-router'
import type { ForecastHead, Layout, LayoutHead, Part, Site } from '../../api/run'
import { useApi } from '../../api/use'
import { useBoundaries } from '../../components/AreaMap'
import { Chart } from '../../components/Chart'
import { Choice, Crumbs, PageHead, useYearName } from '../../components/parts'
import { Nothing, Problem, Waiting } from '../../components/states'
import { useNarrow } from '../../components/useNarrow'
import { useLang, useTitle } from '../../i18n'
import { number, percent, plain } from '../../lib/format'
import { useLink, useQuery } from '../../lib/link'
import { layoutOption, look } from '../../lib/places'
import { FileForm, PaperButtons } from './FileForm'
import { LayoutForm } from './LayoutForm'
import { ChooseRun, PlacesNav, useKind } from './parts'

const path = (run: string) => `/api/runs/layouts/${encodeURIComponent(run)}`

/** A layout on the map with what is done and what it comes to; two of them side by side. */
export default function MapPage() {
  const { t, tx } = useLang()
  const { values, set } = useQuery()
  const link = useLink()
  const yearName = useYearName()
  const kind = useKind('siting')
  const list = useApi<{ runs: LayoutHead[] }>('/api/runs/layouts')
  const forecasts = useApi<{ runs: ForecastHead[] }>('/api/runs/forecasts')
  const runs = list.data?.runs ?? []
  const head = runs.find((r) => r.run === values.run) ?? runs[0]
  const other = runs.find((r) => r.run === values.with && r.run !== head?.run)
  const a = useApi<Layout>(head ? path(head.run) : null)
  const b = useApi<Layout>(other ? path(other.run) : null)
  useTitle(t('layout.title'), t('app.name'))
  if (list.error) return <Problem error={list.error} retry={list.reload} />
  if (!list.data) return <Waiting rows={8} />
  const options = runs.map((r) => ({ value: r.run, label: `${r.chosen ? `${t('places.chosen')} · ` : ''}${r.title} · ${r.run}` }))
  const form = kind?.may && (
    <LayoutForm
      kind={kind}
      forecasts={forecasts.data?.runs ?? []}
      open={runs.length === 0}
      done={(run) => {
        list.reload()
        set({ run, with: values.with ? head?.run : values.with })
      }}
    />
  )
  return (
    <div className="page places">
      <PageHead
        crumbs={<Crumbs items={[{ title: t('hub.work'), to: link('/work') }, { title: t('places.title'), to: link('/places') }, { title: t('layout.title') }]} />}
        title={head ? head.title : t('layout.title')}
        lead={head && t('layout.lead', { body: tx(head.body_title), stage: tx(head.stage_title), year: yearName(head.year), seal: head.seal })}
      >
        {head && <Choice label={t('layout.run')} value={head.run} options={options} onChange={(v) => set({ run: v })} />}
        {runs.length > 1 && (
          <Choice
            label={t('layout.with')}
            value={other?.run ?? ''}
            options={[{ value: '', label: t('layout.noCompare') }, ...options.filter((o) => o.value !== head?.run)]}
            onChange={(v) => set({ with: v || null })}
          />
        )}
      </PageHead>
      <PlacesNav />
      {head && head.status !== 'infeasible' && kind?.may && <ChooseRun engine="siting" run={head.run} chosen={head.chosen} done={list.reload} />}
      {!head && <Nothing title={t('layout.none')} text={t(kind?.may ? 'layout.noneHow' : 'places.noneWait')} />}
      {a.error && <Problem error={a.error} retry={a.reload} />}
      {b.error && <Problem error={b.error} retry={b.reload} />}
      {head && !a.data && !a.error && <Waiting rows={10} />}
      {a.data && (other ? b.data && <Two a={a.data} b={b.data} /> : <One of={a.data} />)}
      {form}
    </div>
  )
}

function One({ of }: { of: Layout }) {
  const { t } = useLang()
  return (
    <>
      <Conflicts of={of} />
      <PaperButtons of={of} />
      <section aria-labelledby="layout-figures">
        <h2 id="layout-figures">{t('layout.figures')}</h2>
        <Figures list={[of]} />
      </section>
      {of.sites.length > 0 && (
        <div className="places-two">
          <section aria-labelledby="layout-map">
            <h2 id="layout-map">{t('layout.map')}</h2>
            <Picture of={of} />
          </section>
          <section aria-labelledby="layout-decisions">
            <h2 id="layout-decisions">{t('layout.decisions')}</h2>
            <Decisions of={of} />
          </section>
        </div>
      )}
      <FileForm of={of} />
      <details className="places-params">
        <summary>{t('places.params')}</summary>
        <pre>{of.params}</pre>
        {of.rec && <Link to={`/records/layout_run/${of.rec}`}>{t('places.record')}</Link>}
      </details>
    </>
  )
}

function Two({ a, b }: { a: Layout; b: Layout }) {
  const { t, tx } = useLang()
  const alike = a.body === b.body && a.stage === b.stage
  const codes = [...new Set([...a.sites, ...b.sites].map((s) => s.code))].sort()
  const in_ = (of: Layout, code: string) => of.sites.find((s) => s.code === code)
  const differ = codes.filter((c) => {
    const x = in_(a, c)
    const y = in_(b, c)
    return x?.action !== y?.action || x?.classes !== y?.classes
  })
  const said = (s: Site | undefined) =>
    s ? (
      <>
        <i className="places-mark" style={{ color: look(s.action).color }} aria-hidden="true">
          {look(s.action).mark}
        </i>{' '}
        {tx(s.action_title)} · {t('layout.classes', { n: s.classes })}
      </>
    ) : (
      <span className="muted">{t('layout.absent')}</span>
    )
  return (
    <>
      <Conflicts of={a} />
      {(b.conflicts || tx(b.note) !== tx(a.note)) && <Conflicts of={b} />}
      <section aria-labelledby="layout-figures">
        <h2 id="layout-figures">{t('layout.figures')}</h2>
        <Figures list={[a, b]} />
      </section>
      <section aria-labelledby="layout-differ">
        <h2 id="layout-differ">{t('layout.differ')}</h2>
        {!alike ? (
          <p className="places-lead">{t('layout.otherBody')}</p>
        ) : differ.length === 0 ? (
          <p className="places-lead">{t('layout.same')}</p>
        ) : (
          <div className="scroll-x">
            <table className="plain-table places-differ">
              <thead>
                <tr>
                  <th />
                  <th>{a.title}</th>
                  <th>{b.title}</th>
                </tr>
              </thead>
              <tbody>
                {differ.map((c) => (
                  <tr key={c}>
                    <th scope="row">{in_(a, c)?.name ?? in_(b, c)?.name ?? c}</th>
                    <td>{said(in_(a, c))}</td>
                    <td>{said(in_(b, c))}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        )}
      </section>
      <div className="places-two even">
        {[a, b].map((x) => (
          <section key={x.run}>
            <h2>{x.title}</h2>
            {x.sites.length > 0 && <Picture of={x} />}
          </section>
        ))}
      </div>
    </>
  )
}

function Conflicts({ of }: { of: Layout }) {
  const { t, tx } = useLang()
  const lines = (tx(of.note) || '').split('\n').filter(Boolean)
  if (!of.conflicts)
    return lines.length ? (
      <div className="places-lead">
        {lines.map((l, i) => (
          <p key={i}>{l}</p>
        ))}
      </div>
    ) : null
  return (
    <div className="failure places-conflicts" role="alert">
      <strong>
        {t('layout.infeasible')} · <span className="num">{of.run}</span>
      </strong>
      <p>{t('layout.conflicts')}</p>
      <ul>
        {lines.slice(0, -1).map((l, i) => (
          <li key={i}>{l}</li>
        ))}
      </ul>
      <p className="muted">{lines.at(-1)}</p>
    </div>
  )
}

/** A number of a layout; one that is too small to be told to the reader as such. */
function told(l: Layout, v: number | null): string {
  return v === null && l.few > 0 && l.status !== 'infeasible' ? `<${l.few}` : number(v)
}

function Figures({ list }: { list: Layout[] }) {
  const { t, tx } = useLang()
  // label, value, whether more than none is bad, whether it may be withheld as few
  const rows: [string, (l: Layout) => number | null, boolean?, boolean?][] = [
    [t('layout.cost'), (l) => l.cost],
    [t('layout.places'), (l) => l.places],
    [t('layout.moved'), (l) => l.moved, false, true],
    [t('layout.boards'), (l) => l.boards],
    [t('layout.mean'), (l) => l.mean_m],
    [t('layout.p95'), (l) => l.p95_m],
    [t('layout.max'), (l) => l.max_m],
    [t('layout.over'), (l) => l.over_limit, true, true],
    [t('layout.classesOver'), (l) => l.classes_over, true],
    [t('layout.schoolsOver'), (l) => l.schools_over, true],
  ]
  if (list.length === 1)
    return (
      <dl className="places-figures">
        {rows.map(([label, f, bad, few]) => (
          <div key={label}>
            <dt>{label}</dt>
            <dd className="num" data-bad={!!bad && (f(list[0]!) ?? 0) > 0}>
              {few ? told(list[0]!, f(list[0]!)) : number(f(list[0]!))}
            </dd>
          </div>
        ))}
        <div>
          <dt>{t('layout.gap')}</dt>
          <dd className="num">
            <Gap of={list[0]!} />
          </dd>
        </div>
      </dl>
    )
  return (
    <div className="scroll-x">
      <table className="plain-table places-compare">
        <thead>
          <tr>
            <th />
            {list.map((l) => (
              <th key={l.run} className="right">
                {l.title}
                <small className="num">{l.run}</small>
                <small>{tx(l.status_title)}</small>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map(([label, f, bad, few]) => (
            <tr key={label}>
              <th scope="row">{label}</th>
              {list.map((l) => (
                <td key={l.run} className="num right" data-bad={!!bad && (f(l) ?? 0) > 0}>
                  {few ? told(l, f(l)) : number(f(l))}
                </td>
              ))}
            </tr>
          ))}
          <tr>
            <th scope="row">{t('layout.gap')}</th>
            {list.map((l) => (
              <td key={l.run} className="num right">
                <Gap of={l} />
              </td>
            ))}
          </tr>
        </tbody>
      </table>
    </div>
  )
}

function Gap({ of }: { of: LayoutHead }) {
  const { t } = useLang()
  if (of.status === 'infeasible') return <>—</>
  return <>{of.status === 'proven' ? t('layout.proven') : of.gap === null ? '—' : t('layout.atMost', { gap: percent(of.gap, 2) })}</>
}

function Decisions({ of }: { of: Layout }) {
  const sites = of.sites
  const { t, tx } = useLang()
  const rank = (s: Site) => (s.action === 'keep' ? 1 : s.action === 'idle' ? 2 : 0)
  const list = [...sites].sort((a, b) => rank(a) - rank(b) || a.code.localeCompare(b.code))
  return (
    <ul className="places-decisions">
      {list.map((s) => (
        <li key={s.code}>
          <i className="places-mark" style={{ color: look(s.action).color }} aria-hidden="true">
            {look(s.action).mark}
          </i>
          <div>
            <strong>{s.name}</strong> <span className="tag">{tx(s.action_title)}</span>
            {s.school && (
              <Link className="places-school" to={`/places/school/${encodeURIComponent(s.school)}`}>
                {t('places.school')}
              </Link>
            )}
            <p>{tx(s.words) || t('layout.site', { name: s.name, action: tx(s.action_title), classes: s.classes, places: number(s.places), children: told(of, s.children) })}</p>
          </div>
        </li>
      ))}
    </ul>
  )
}

/** The frame of a map where the area has no boundary: the box of what stands in it. */
function box(of: Layout): object {
  const at = [...of.sites, ...of.blocks].filter((x) => x.lon !== null && x.lat !== null)
  const lon = at.map((x) => x.lon!)
  const lat = at.map((x) => x.lat!)
  const pad = 0.01
  const [w, e, s, n] = [Math.min(...lon) - pad, Math.max(...lon) + pad, Math.min(...lat) - pad, Math.max(...lat) + pad]
  return { type: 'FeatureCollection', features: [{ type: 'Feature', properties: { name: 'box' }, geometry: { type: 'Polygon', coordinates: [[[w, s], [e, s], [e, n], [w, n], [w, s]]] } }] }
}

function Picture({ of }: { of: Layout }) {
  const { t, tx } = useLang()
  const narrow = useNarrow()
  const bounds = useBoundaries([of.body])
  const geo = useMemo(() => {
    const own = bounds?.geo.features?.filter((f) => f.properties[bounds.property] === of.body)
    return own?.length ? { type: 'FeatureCollection', features: own } : box(of)
  }, [bounds, of])
  const name = `places-${of.body}-${bounds ? 'area' : of.run}`
  const lat = of.sites.find((s) => s.lat !== null)?.lat ?? 0
  const option = useMemo(
    () =>
      layoutOption({
        map: name,
        aspect: bounds?.aspect ?? Math.cos((lat * Math.PI) / 180),
        layout: of,
        words: (s) => t('layout.site', { name: s.name, action: tx(s.action_title), classes: s.classes, places: number(s.places), children: told(of, s.children) }),
        part: (p: Part, block, site) =>
          t('layout.goes', { block, site, n: p.few ? `<${of.few}` : plain(p.children), m: number(p.metres) }) +
          (p.board ? t('layout.goesBoard') : '') +
          (p.beyond ? t('layout.goesBeyond') : ''),
      }),
    [name, bounds, lat, of, t, tx],
  )
  const actions = new Map(of.sites.map((s) => [s.action, s.action_title]))
  return (
    <figure className="map">
      <Chart key={name} option={option} height={narrow ? 340 : 520} label={t('layout.mapAlt', { title: of.title, sites: of.sites.length, blocks: of.blocks.length })} map={{ name, geo }} />
      <figcaption className="legend">
        {[...actions].map(([a, title]) => (
          <span key={a}>
            <i className="places-mark" style={{ color: look(a).color }} aria-hidden="true">
              {look(a).mark}
            </i>
            {tx(title)}
          </span>
        ))}
        <span>
          <i className="places-mark muted" aria-hidden="true">
            ●
          </i>
          {t('layout.blocks')}
        </span>
        {of.parts.some((p) => p.beyond) && (
          <span>
            <i className="line places" aria-hidden="true" />
            {t('layout.beyond')}
          </span>
        )}
        {of.few > 0 && <span className="muted">{t('layout.few', { n: of.few })}</span>}
      </figcaption>
    </figure>
  )
}

import { useEffect, useMemo, useState } from 'react'
import { Link } from 'react-router'
import { ApiError, post, url } from '../../api/client'
import type { Across, Change, Item, Kind, Measure, Report, Standing, Unit } from '../../api/readiness'
import type { Org, Text } from '../../api/types'
import { useApi } from '../../api/use'
import { Choice, Crumbs, PageHead, SealChoice, useYearName } from '../../components/parts'
import { Nothing, Problem, Waiting } from '../../components/states'
import { useLang, useTitle } from '../../i18n'
import { number, plain } from '../../lib/format'
import { useLink, useQuery } from '../../lib/link'
import { useSession } from '../../session'
import './readiness.css'

/** How far the schools of an organisation are from a standard of several items. */
export default function ReadinessPage() {
  const { t, tx } = useLang()
  const { session } = useSession()
  const { values, set } = useQuery()
  const link = useLink()
  const own = session?.user?.org ?? ''
  const measures = useApi<{ measures: Measure[] }>('/api/readiness/measures')
  const below = useApi<Org[]>(own ? url('/api/orgs', { parent: own }) : null)
  const list = measures.data?.measures ?? []
  const measure = list.find((m) => m.id === values.of) ?? list[0]
  useTitle(t('ready.title'), t('app.name'))

  const changes = useMemo(() => parse(values.if), [values.if])
  const [answer, setAnswer] = useState<{ data: Report | null; error: ApiError | null }>({ data: null, error: null })
  const [turn, setTurn] = useState(0)
  useEffect(() => {
    if (!measure) return
    let gone = false
    post<Report>('/api/readiness', { indicator: measure.id, org: values.org ?? '', seal: values.seal ?? '', changes }).then(
      (data) => !gone && setAnswer({ data, error: null }),
      (cause: unknown) => !gone && setAnswer({ data: null, error: cause instanceof ApiError ? cause : new ApiError(0, 'internal', null) }),
    )
    return () => {
      gone = true
    }
  }, [measure, values.org, values.seal, changes, turn])

  if (measures.error) return <Problem error={measures.error} retry={measures.reload} />
  if (!measures.data) return <Waiting rows={8} />
  if (!measure) return <Nothing title={t('ready.none')} />
  const counties = (below.data ?? []).filter((o) => o.level !== 'school')
  const orgs = [{ value: '', label: tx(session?.user?.org_title) || own }].concat(counties.map((o) => ({ value: o.code, label: tx(o.title) || o.code })))
  const data = answer.data
  return (
    <div className="page ready">
      <PageHead
        crumbs={<Crumbs items={[{ title: t('hub.work'), to: link('/work') }, { title: t('ready.title') }]} />}
        title={t('ready.title')}
        lead={
          data &&
          t('ready.lead', { org: tx(data.org_label), n: data.now.units.length, k: data.now.enough, of: data.indicator.of, need: data.indicator.need })
        }
      >
        <Choice
          label={t('ready.measure')}
          value={measure.id}
          options={list.map((m) => ({ value: m.id, label: tx(m.title) }))}
          onChange={(v) => set({ of: v, if: null })}
        />
        {orgs.length > 1 && (
          <Choice label={t('ready.org')} value={values.org ?? ''} options={orgs} onChange={(v) => set({ org: v || null, if: null })} />
        )}
        <SealChoice />
      </PageHead>
      {answer.error && <Problem error={answer.error} retry={() => (changes.length ? set({ if: null }) : setTurn(turn + 1))} />}
      {!data && !answer.error && <Waiting rows={10} />}
      {data && (data.now.units.length ? <Answer of={data} changes={changes} /> : <Nothing title={t('ready.empty')} />)}
    </div>
  )
}

/** The changes of an address: kind.from.to.number joined by commas. */
function parse(s: string | undefined): Change[] {
  return (s ?? '')
    .split(',')
    .map((x) => x.split('.'))
    .filter((p) => p.length === 4 && ['merge', 'close', 'move'].includes(p[0]!))
    .map(([kind, from, to, n]) => ({ kind: kind as Kind, from: from!, to: to!, ...(kind === 'move' ? { heads: Number(n) } : kind === 'close' ? { share: Number(n) / 100 } : {}) }))
}

function write(list: Change[]): string | null {
  return list.map((c) => [c.kind, c.from, c.to, c.kind === 'move' ? c.heads : c.kind === 'close' ? Math.round((c.share ?? 0) * 100) : 0].join('.')).join(',') || null
}

function useLabel() {
  const { tx } = useLang()
  return (label: Text | string | null | undefined, code: string) => (typeof label === 'string' ? label : label ? tx(label) : code) || code
}

function Answer({ of, changes }: { of: Report; changes: Change[] }) {
  const { t, tx } = useLang()
  const yearName = useYearName()
  return (
    <>
      <p className="ready-of num">{t('ready.year', { year: yearName(of.year), seal: of.seal })}</p>
      <section aria-labelledby="ready-items">
        <h2 id="ready-items">{t('ready.items')}</h2>
        <Items of={of} />
      </section>
      <section aria-labelledby="ready-takes">
        <h2 id="ready-takes">{t('ready.takes')}</h2>
        <p className="ready-lead">{t('ready.takesLead', { need: of.indicator.need })}</p>
        <Takes of={of} />
      </section>
      <section aria-labelledby="ready-try">
        <h2 id="ready-try">{t('ready.try')}</h2>
        <p className="ready-lead">{t('ready.tryLead')}</p>
        <Try of={of} changes={changes} />
      </section>
      <section aria-labelledby="ready-schools">
        <h2 id="ready-schools">{t('ready.schools')}</h2>
        <Schools of={of} />
      </section>
      <p className="ready-of">{tx(of.notice)}</p>
    </>
  )
}

function Items({ of }: { of: Report }) {
  const { t, tx } = useLang()
  return (
    <div className="ready-wide">
      <table className="ready-table cards">
        <thead>
          <tr>
            <th>{t('ready.item')}</th>
            <th className="n">{t('ready.mean')}</th>
            <th className="n">{t('ready.least')}</th>
            <th className="n">{t('ready.below')}</th>
            <th className="n">{t('ready.spread')}</th>
            <th className="n">{t('ready.bound')}</th>
          </tr>
        </thead>
        <tbody>
          {of.items.map((x, i) => {
            const a = of.now.items[i]!
            return (
              <tr key={x.id}>
                <th scope="row">
                  <Link to={`/indicators/${x.id}`}>{tx(x.title)}</Link>
                </th>
                <td className="n" data-label={t('ready.mean')}>
                  {number(a.mean, x.decimals)} <small>{tx(x.unit)}</small>
                </td>
                <td className="n" data-label={t('ready.least')}>
                  {plain(x.least)}
                </td>
                <td className="n" data-label={t('ready.below')} data-bad={a.below > 0}>
                  {a.below}
                  {a.unknown > 0 && (
                    <small>
                      {' '}
                      {t('ready.unknown')} {a.unknown}
                    </small>
                  )}
                </td>
                <td className="n" data-label={t('ready.spread')} data-bad={!a.within}>
                  {number(a.spread, 3)}
                </td>
                <td className="n" data-label={t('ready.bound')}>
                  {x.spread_max === undefined ? '—' : plain(x.spread_max)}
                </td>
              </tr>
            )
          })}
        </tbody>
      </table>
    </div>
  )
}

/** An amount in what it is counted in: whole people, square metres with a digit. */
function amount(n: number): string {
  return number(n, Number.isInteger(n) ? 0 : 1)
}

function Takes({ of }: { of: Report }) {
  const { t, tx, lang } = useLang()
  const counted = (x: Item) => x.amount_unit[lang]
  const label = useLabel()
  if (!of.more.length && !of.unknown.length) return <p>{t('ready.nothing')}</p>
  const item = (id: string): Item => of.items.find((x) => x.id === id)!
  const after = (id: string): Across => of.after[of.items.findIndex((x) => x.id === id)]!
  return (
    <>
      <dl className="ready-sums">
        {of.sums.map((s) => (
          <div key={s.item}>
            <dt>{tx(item(s.item).title)}</dt>
            <dd>
              <b className="num">+{amount(s.amount)}</b> {counted(item(s.item))}
              <small>
                {t('ready.afterSpread')} {number(after(s.item).spread, 3)}
                {!after(s.item).within && ` · ${t('ready.stillWide')}`}
              </small>
            </dd>
          </div>
        ))}
      </dl>
      {of.unknown.length > 0 && <p className="lost">{t('ready.lackData', { n: of.unknown.length })}</p>}
      {of.more.length > 0 && (
        <details className="ready-where">
          <summary>
            {t('ready.where')} <span className="num">{of.more.length}</span>
          </summary>
          <ul>
            {of.more.map((m, i) => (
              <li key={i}>
                <span>{label(m.label, m.unit)}</span> {tx(item(m.item).title)} <b className="num">+{amount(m.amount)}</b> {counted(item(m.item))}{' '}
                <small>{t(`ready.why.${m.why}`)}</small>
              </li>
            ))}
          </ul>
        </details>
      )}
    </>
  )
}

function Try({ of, changes }: { of: Report; changes: Change[] }) {
  const { t } = useLang()
  const { set } = useQuery()
  const label = useLabel()
  const all = of.before?.units ?? of.now.units
  const name = (code: string) => {
    const u = all.find((x) => x.code === code)
    return u ? label(u.label, code) : code
  }
  const [draft, setDraft] = useState<{ kind: Kind; from: string; to: string; n: string }>({ kind: 'merge', from: '', to: '', n: '' })
  const options = (list: Unit[]) => [{ value: '', label: t('ready.choose') }].concat(list.map((u) => ({ value: u.code, label: `${label(u.label, u.code)}（${u.heads}）` })))
  const n = Number(draft.n)
  const ready =
    draft.from && draft.to && draft.from !== draft.to && (draft.kind === 'merge' || (draft.kind === 'move' ? Number.isInteger(n) && n > 0 : n >= 0 && n <= 100))
  const add = () => {
    const c: Change = { kind: draft.kind, from: draft.from, to: draft.to }
    if (draft.kind === 'move') c.heads = n
    if (draft.kind === 'close') c.share = n / 100
    set({ if: write([...changes, c]) }, true)
    setDraft({ ...draft, from: '', to: '', n: '' })
  }
  return (
    <>
      <form
        className="ready-try"
        onSubmit={(e) => {
          e.preventDefault()
          if (ready) add()
        }}
      >
        <Choice label={t('ready.from')} value={draft.from} options={options(of.now.units)} onChange={(v) => setDraft({ ...draft, from: v })} />
        <Choice
          label={t('ready.how')}
          value={draft.kind}
          options={(['merge', 'close', 'move'] as const).map((k) => ({ value: k, label: t(`ready.kind.${k}`) }))}
          onChange={(v) => setDraft({ ...draft, kind: v as Kind })}
        />
        <Choice
          label={t('ready.to')}
          value={draft.to}
          options={options(of.now.units.filter((u) => u.code !== draft.from))}
          onChange={(v) => setDraft({ ...draft, to: v })}
        />
        {draft.kind !== 'merge' && (
          <label className="choice">
            <span>{t(draft.kind === 'move' ? 'ready.count' : 'ready.share')}</span>
            <input inputMode="numeric" value={draft.n} size={6} onChange={(e) => setDraft({ ...draft, n: e.target.value })} />
          </label>
        )}
        <button type="submit" className="button" disabled={!ready}>
          {t('ready.add')}
        </button>
      </form>
      {changes.length > 0 && (
        <>
          <ol className="ready-changes">
            {changes.map((c, i) => (
              <li key={i}>
                {t('ready.line', { from: name(c.from), how: t(`ready.kind.${c.kind}`), to: name(c.to) })}
                {c.heads !== undefined && <b className="num"> {c.heads}</b>}
                {c.share !== undefined && <b className="num"> {Math.round(c.share * 100)}%</b>}{' '}
                <button type="button" className="link" onClick={() => set({ if: write(changes.filter((_, k) => k !== i)) }, true)}>
                  {t('ready.drop')}
                </button>
              </li>
            ))}
          </ol>
          {of.before && <Compare of={of} before={of.before} />}
          <button type="button" className="button" onClick={() => set({ if: null }, true)}>
            {t('ready.reset')}
          </button>
        </>
      )}
    </>
  )
}

function Compare({ of, before }: { of: Report; before: Standing }) {
  const { t, tx } = useLang()
  return (
    <div className="ready-wide">
      <table className="ready-table">
        <thead>
          <tr>
            <th />
            <th className="n">{t('ready.before')}</th>
            <th className="n">{t('ready.after')}</th>
          </tr>
        </thead>
        <tbody>
          <tr>
            <th scope="row">{t('ready.enough')}</th>
            <td className="n">
              {before.enough} / {before.units.length}
            </td>
            <td className="n">
              {of.now.enough} / {of.now.units.length}
            </td>
          </tr>
          {of.items.map((x, i) => (
            <tr key={x.id}>
              <th scope="row">
                {tx(x.title)} · {t('ready.spread')}
              </th>
              <td className="n" data-bad={!before.items[i]!.within}>
                {number(before.items[i]!.spread, 3)}
              </td>
              <td className="n" data-bad={!of.now.items[i]!.within}>
                {number(of.now.items[i]!.spread, 3)}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

const most = 60

function Schools({ of }: { of: Report }) {
  const { t, tx } = useLang()
  const { values, set } = useQuery()
  const label = useLabel()
  const short = values.short !== '0'
  const list = of.now.units.filter((u) => !short || !u.enough)
  const [shown, setShown] = useState(most)
  return (
    <>
      <label className="ready-check">
        <input type="checkbox" checked={short} onChange={(e) => set({ short: e.target.checked ? null : '0' }, true)} /> {t('ready.onlyShort')}{' '}
        <span className="num">{of.now.units.length - of.now.enough}</span>
      </label>
      <div className="ready-wide">
        <table className="ready-table ready-schools cards">
          <thead>
            <tr>
              <th>{t('ready.school')}</th>
              <th className="n">{t('ready.heads')}</th>
              <th className="n">{t('ready.met')}</th>
              {of.items.map((x) => (
                <th key={x.id} className="n">
                  {tx(x.title)}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {list.slice(0, shown).map((u) => (
              <tr key={u.code}>
                <th scope="row">{label(u.label, u.code)}</th>
                <td className="n" data-label={t('ready.heads')}>
                  {number(u.heads)}
                </td>
                <td className="n" data-label={t('ready.met')} data-bad={!u.enough}>
                  {u.met} / {of.items.length}
                </td>
                {of.items.map((x, i) => (
                  <td key={x.id} className="n" data-label={tx(x.title)} data-bad={!u.reached[i]} title={t(u.reached[i] ? 'ready.yes' : 'ready.no')}>
                    {u.values[i] === null ? t('ready.unknown') : number(u.values[i], x.decimals)}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {list.length > shown && (
        <button type="button" className="button" onClick={() => setShown(shown + 200)}>
          +{list.length - shown}
        </button>
      )}
    </>
  )
}

import type { ReactNode } from 'react'
import { Link } from 'react-router'
import type { Basis, Figure, Headline, Org, SealInfo, Words } from '../api/types'
import { useLang } from '../i18n'
import { number, percent, yearName } from '../lib/format'
import { useLink, useQuery } from '../lib/link'
import { useSession } from '../session'
import { Withheld } from './states'

/** The head of a page: where it stands, its title, and what can be set or done. */
export function PageHead({
  crumbs,
  title,
  lead,
  children,
}: {
  crumbs?: ReactNode
  title: ReactNode
  lead?: ReactNode
  children?: ReactNode
}) {
  return (
    <div className="page-head">
      <div className="page-head-words">
        {crumbs}
        <h1>{title}</h1>
        {lead && <p className="lead">{lead}</p>}
      </div>
      {children && <div className="page-head-tools">{children}</div>}
    </div>
  )
}

export function Crumbs({ items }: { items: { title: string; to?: string }[] }) {
  const { t } = useLang()
  if (!items.length) return null
  return (
    <nav className="crumbs" aria-label={t('nav.crumbs')}>
      <ol>
        {items.map((c, i) => (
          <li key={i}>{c.to ? <Link to={c.to}>{c.title}</Link> : <span aria-current="page">{c.title}</span>}</li>
        ))}
      </ol>
    </nav>
  )
}

/** A small native choice: a year, a seal. Native, for it must work everywhere and weigh nothing. */
export function Choice({
  label,
  value,
  options,
  onChange,
}: {
  label: string
  value: string
  options: { value: string; label: string }[]
  onChange: (v: string) => void
}) {
  return (
    <label className="choice">
      <span>{label}</span>
      <select value={value} style={{ width: widest(options) }} onChange={(e) => onChange(e.target.value)}>
        {options.map((o) => (
          <option key={o.value} value={o.value}>
            {o.label}
          </option>
        ))}
      </select>
    </label>
  )
}

/** Room for the longest option: fallback fonts make browsers guess too little. */
function widest(options: { label: string }[]): number {
  const width = (s: string) => [...s].reduce((n, c) => n + (c > '\u2010' ? 14 : 8), 0)
  return Math.min(300, Math.max(...options.map((o) => width(o.label))) + 38)
}

/** Chooses the seal everything on the page is computed from; kept in the address. */
export function SealChoice({ present = '' }: { present?: string }) {
  const { seals } = useSession()
  const { t } = useLang()
  const { values, set } = useQuery()
  if (!seals.length) return null
  const options = seals.map((s, i) => ({
    value: i === 0 && !present ? '' : s.id,
    label: `${s.id}${i === 0 ? t('common.paren', { text: t('common.latest') }) : ''}${s.note ? ' · ' + s.note : ''}`,
  }))
  if (present) options.unshift({ value: '', label: present })
  return (
    <Choice
      label={t('common.seal')}
      value={values.seal ?? ''}
      options={options}
      onChange={(v) => set({ seal: v || null })}
    />
  )
}

export function YearChoice({ years, year }: { years: number[] | null | undefined; year: number }) {
  const { t } = useLang()
  const { set } = useQuery()
  const name = useYearName()
  if (!years?.length) return null
  const list = [...new Set([...years, year])].filter(Boolean).sort((a, b) => b - a)
  return (
    <Choice
      label={t('common.year')}
      value={String(year)}
      options={list.map((y) => ({ value: String(y), label: name(y) }))}
      onChange={(v) => set({ year: v })}
    />
  )
}

/** Writes a year the city's way. */
export function useYearName(): (y: number) => string {
  const { session } = useSession()
  const { tx } = useLang()
  const pattern = tx(session?.city.year)
  return (y) => yearName(pattern, y)
}

export function sealId(s: SealInfo | string | null | undefined): string {
  return !s ? '' : typeof s === 'string' ? s : s.id
}

/** Units such as % stand close to the number, words after a space. */
export function unitTail(unit: string): string {
  if (!unit) return ''
  return /^[%‰∶:°]/.test(unit) ? unit : /^[\u3400-\u9fff]/.test(unit) ? unit : ' ' + unit
}

export function Value({
  figure,
  decimals,
  unit,
}: {
  figure: Pick<Figure | Headline, 'value' | 'suppressed'>
  decimals: number
  unit?: string
}) {
  if (figure.suppressed) return <Withheld short />
  return (
    <span className="num">
      {number(figure.value, decimals)}
      {figure.value !== null && unit ? <span className="unit">{unitTail(unit)}</span> : null}
    </span>
  )
}

/** The share of the rows under a figure that their holders confirmed in time. */
export function Verified({ share }: { share: number | null | undefined }) {
  const { t } = useLang()
  if (share === null || share === undefined || share < 0) return <span className="verified none">—</span>
  return (
    <span
      className="verified"
      data-level={share >= 0.9 ? 'high' : share >= 0.5 ? 'middle' : 'low'}
      title={t('dash.verifiedShare', { share: percent(share, 1) })}
    >
      <i aria-hidden="true">
        <b style={{ width: `${Math.round(share * 100)}%` }} />
      </i>
      {percent(share)}
    </span>
  )
}

export function basisText(b: Basis): Words {
  return b.text ?? { zh: b.zh ?? '', en: b.en ?? '' }
}

/** Where a number or rule comes from, and how sure that is. */
export function BasisList({ items }: { items: Basis[] | null | undefined }) {
  const { t, tx } = useLang()
  if (!items?.length) return <span className="muted">{t('common.none')}</span>
  return (
    <ul className="basis">
      {items.map((b, i) => (
        <li key={i}>
          {tx(basisText(b))}
          {b.ref && <cite> {b.ref}</cite>}
          <Certainty of={b.certainty} />
        </li>
      ))}
    </ul>
  )
}

export function Certainty({ of }: { of?: string | undefined }) {
  const { t } = useLang()
  const known = (['A', 'B', 'D', 'M'] as const).find((c) => c === of)
  if (!known) return null
  return (
    <span className="certainty" data-c={known}>
      {t(`certainty.${known}`)}
    </span>
  )
}

/** What a figure is cut by, in words: "涧西区 · 小学". */
export function cutWords(
  f: { by?: Record<string, string> | null; labels?: Record<string, Words> | null },
  tx: (w: Words) => string,
  dims?: string[],
): string {
  const keys = dims ?? Object.keys(f.by ?? {})
  return keys.map((k) => tx(f.labels?.[k]) || f.by?.[k] || '—').join(' · ')
}

export function useOrgCrumbs(
  path: string,
  crumbs: Org[] | null | undefined,
  last?: Org | null,
): { title: string; to?: string }[] {
  const { tx } = useLang()
  const link = useLink()
  const items = (crumbs ?? []).map((c) => ({
    title: tx(c.title) || c.code,
    to: link(path, { org: c.code }),
    code: c.code,
  }))
  const tail =
    last && !items.some((c) => c.code === last.code)
      ? [...items, { title: tx(last.title) || last.code, code: last.code }]
      : items
  return tail.map((c, i) =>
    i === tail.length - 1 ? { title: c.title } : { title: c.title, to: (c as { to?: string }).to ?? '' },
  )
}

/** Page by page through a list. */
export function Pager({
  total,
  offset,
  limit,
  capped,
  onGo,
}: {
  total: number
  offset: number
  limit: number
  capped?: boolean | undefined
  onGo: (offset: number) => void
}) {
  const { t } = useLang()
  const from = total === 0 ? 0 : offset + 1
  const to = Math.min(total, offset + limit)
  const words = t('page.range', { from: number(from), to: number(to), total: number(total) + (capped ? '+' : '') })
  const last = Math.max(0, Math.floor((total - 1) / limit) * limit)
  return (
    <nav className="pager" aria-label={t('page.pages')}>
      <span className="num">{words}</span>
      {total > limit && (
        <span className="pager-buttons">
          <button
            type="button"
            className="plain-button"
            disabled={offset <= 0}
            onClick={() => onGo(0)}
            aria-label={t('page.first')}
          >
            «
          </button>
          <button
            type="button"
            className="plain-button"
            disabled={offset <= 0}
            onClick={() => onGo(Math.max(0, offset - limit))}
          >
            {t('page.before')}
          </button>
          <button type="button" className="plain-button" disabled={to >= total} onClick={() => onGo(offset + limit)}>
            {t('page.next')}
          </button>
          {!capped && (
            <button
              type="button"
              className="plain-button"
              disabled={to >= total}
              onClick={() => onGo(last)}
              aria-label={t('page.last')}
            >
              »
            </button>
          )}
        </span>
      )}
    </nav>
  )
}

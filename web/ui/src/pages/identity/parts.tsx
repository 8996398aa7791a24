import type { Pair } from '../../api/identity'
import { useLang } from '../../i18n'
import type { Key } from '../../i18n/dict'

/** How likely the two are one person; never rounded up to certainty. */
export function Likely({ pair }: { pair: Pair }) {
  const { t } = useLang()
  const p = Math.min(pair.probability, 0.9999)
  return <span className="num">{t('dup.probability', { p: `${(p * 100).toFixed(p > 0.99 ? 2 : 0)}%` })}</span>
}

/** Field by field, what spoke for and against. */
export function Evidences({ pair }: { pair: Pair }) {
  const { t, tx } = useLang()
  return (
    <ul className="evidence" aria-label={t('dup.evidence')}>
      {pair.trace.map((e) => (
        <li
          key={e.field}
          data-side={e.level === 'missing' ? 'none' : e.weight > 0.05 ? 'for' : e.weight < -0.05 ? 'against' : 'none'}
          title={e.level === 'missing' ? '' : `${t(e.weight > 0 ? 'dup.for' : 'dup.against')} ${Math.abs(e.weight).toFixed(1)}`}
        >
          {tx(pair.fields[e.field]) || e.field} <span>{t(`level.${e.level}` as Key)}</span>
        </li>
      ))}
    </ul>
  )
}

import type { Counts } from '../../api/verify'
import type { Key } from '../../i18n/dict'
import { useLang } from '../../i18n'
import { number } from '../../lib/format'
import { countColumns } from './words'
import './verify.css'

/** A word with its mark. */
export function Mark({ word, mark }: { word: Key; mark: string }) {
  const { t } = useLang()
  return (
    <span className="tag" data-state={mark}>
      {t(word)}
    </span>
  )
}

/** How far something is: a bar of what is answered, and every count in words. */
export function CountStrip({ counts }: { counts: Counts }) {
  const { t } = useLang()
  const share = (n: number) => `${counts.total ? (n / counts.total) * 100 : 0}%`
  const others = counts.corrected + counts.disputed + counts.cannot + counts.gone
  return (
    <div className="ver-counts">
      <div className="ver-bar" aria-hidden="true">
        <i className="ok" style={{ width: share(counts.confirmed) }} />
        <i className="other" style={{ width: share(others) }} />
      </div>
      <dl>
        {countColumns.map(([key, word]) => (
          <div key={key} data-zero={counts[key] === 0 || undefined}>
            <dt>{t(word)}</dt>
            <dd className="num">{number(counts[key])}</dd>
          </div>
        ))}
      </dl>
    </div>
  )
}


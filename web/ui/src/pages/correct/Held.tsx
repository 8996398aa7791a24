import type { HeldField } from '../../api/correct'
import { useLang } from '../../i18n'
import { day } from '../../lib/format'
import { shownText } from './words'
import './correct.css'

/** Fields of an uploaded row that keep their value, and why. */
export function HeldList({ of, title }: { of: HeldField[]; title: (field: string) => string }) {
  const { t, tx } = useLang()
  return (
    <ul className="cor-held">
      {of.map((h) => (
        <li key={h.field}>
          <em>{title(h.field)}</em> <span>{shownText(h.before, tx, t('cor.empty'))}</span>{' '}
          <span className="muted">
            {t('cor.inFile')} <del>{shownText(h.wanted, tx, t('cor.empty'))}</del>
          </span>
          <small>
            {h.by_hand
              ? t('cor.heldHand', { date: day(h.at), who: h.by ?? '' })
              : h.joined
                ? t('cor.heldJoined')
                : t('cor.heldWhy', { source: tx(h.source), org: tx(h.org), n: h.days })}
          </small>
        </li>
      ))}
    </ul>
  )
}

import type { ReactNode } from 'react'
import { Link } from 'react-router'
import type { Case, TypeHead } from '../../api/flow'
import { useApi } from '../../api/use'
import { useLang } from '../../i18n'
import { day } from '../../lib/format'
import { dueWords, leftWords } from './words'
import './flow.css'

export function useTypes(): TypeHead[] | null {
  const { data } = useApi<{ types: TypeHead[] }>('/api/cases/types')
  return data?.types ?? null
}

export function StateMark({ of: c }: { of: Case }) {
  const { tx } = useLang()
  return (
    <span className="tag flow-state" data-flow={c.closed ? 'end' : c.late ? 'late' : 'open'}>
      {tx(c.state.title)}
    </span>
  )
}

/** When a case is due, and how long there is. */
export function Due({ of: c }: { of: Case }) {
  const { t } = useLang()
  if (c.closed) return <span className="muted num">{t('flow.closedOn', { date: day(c.closed) })}</span>
  if (!c.due) return <span className="muted">{t('flow.noClock')}</span>
  return (
    <span className={c.late ? 'lost num flow-due' : 'num flow-due'}>
      {t('flow.dueOn', { date: dueWords(c) })}
      <small>{leftWords(c, t)}</small>
    </span>
  )
}

/** What a case is called: its label if the reader may know it, its type, its number. */
export function CaseName({ of: c }: { of: Case }) {
  const { tx } = useLang()
  return (
    <span className="flow-name">
      <Link to={`/cases/${encodeURIComponent(c.no)}`}>{tx(c.label) || tx(c.title)}</Link>
      <span className="muted">
        {tx(c.label) ? `${tx(c.title)} · ` : ''}
        <span className="num">{c.no}</span>
      </span>
    </span>
  )
}

/** One case of a list. */
export function CaseItem({ of: c, lead, children }: { of: Case; lead?: ReactNode; children?: ReactNode }) {
  const { t, tx } = useLang()
  return (
    <li className="flow-item" data-late={c.late || undefined}>
      {lead}
      <div className="flow-item-words">
        <div className="flow-item-head">
          <CaseName of={c} />
          <StateMark of={c} />
          {c.level > 0 && <span className="tag flow-level">{t('flow.reopened', { n: c.level })}</span>}
        </div>
        <p className="flow-item-foot">
          <span>{tx(c.unit.title)}</span>
          <Due of={c} />
        </p>
      </div>
      {children}
    </li>
  )
}

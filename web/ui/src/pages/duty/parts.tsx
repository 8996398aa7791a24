import type { DutyFigure, DutyInstance, DutyState } from '../../api/duty'
import { unitTail, useYearName } from '../../components/parts'
import { useLang } from '../../i18n'
import { plain } from '../../lib/format'
import './duty.css'

export function StateWord({ state }: { state: DutyState }) {
  const { t } = useLang()
  return (
    <span className="tag" data-duty={state}>
      {t(`duty.state.${state}`)}
    </span>
  )
}

/** When an instance is due, and how long that is from the day asked about. */
export function When({ x, bare = false }: { x: DutyInstance; bare?: boolean }) {
  const { t } = useLang()
  if (!x.due) return null
  const soon = x.state === 'due' && x.left <= 30
  return (
    <small className="duty-when num" data-soon={soon ? '' : undefined} data-bare={bare ? '' : undefined}>
      {!bare && t('duty.due')} {x.due}
      {x.state === 'due' && x.left > 0 && (
        <span>
          {t('duty.left', { n: x.left, w: x.work_left })}
          {!x.sure && <abbr title={t('duty.byWeekends')}>≈</abbr>}
        </span>
      )}
      {x.state === 'due' && x.left === 0 && <span>{t('duty.today')}</span>}
      {x.state === 'overdue' && <span>{t('duty.late', { n: -x.left })}</span>}
      {x.state === 'due' && x.last_work !== x.due && <span className="muted">{t('duty.lastWork', { day: x.last_work })}</span>}
    </small>
  )
}

/** What a figure of the house says of a duty. */
export function FigureWord({ f }: { f: DutyFigure }) {
  const { t, tx } = useLang()
  const year = useYearName()
  const unit = unitTail(tx(f.unit))
  if (f.suppressed || f.value === null) return <small className="muted">{t('duty.figureHidden')}</small>
  return (
    <small className="duty-figure">
      {t('duty.figure', { value: plain(f.value, f.decimals) + unit, year: year(f.year) })}
      {f.at_least !== null && <span> · {t('duty.figureBound', { n: f.at_least + unit })}</span>}
      {f.decides && <span> · {t('duty.figureDecides')}</span>}
    </small>
  )
}

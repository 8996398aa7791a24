import { Link } from 'react-router'
import type { PlanTarget } from '../api/types'
import { useLang } from '../i18n'
import { planWords } from '../lib/format'

/** Every version of a target that was adjusted, the plan's own first. */
export function Versions({ x }: { x: PlanTarget }) {
  const { t, tx } = useLang()
  if (!x.versions?.length) return null
  return (
    <div className="scroll-x">
      <table className="plain-table versions">
        <caption>{t('plan.versions')}</caption>
        <thead>
          <tr>
            <th scope="col">{t('plan.version.no')}</th>
            <th scope="col" className="right">
              {t('plan.target')}
            </th>
            <th scope="col">{t('plan.deadline')}</th>
            <th scope="col">{t('plan.version.from')}</th>
            <th scope="col">{t('plan.version.decision')}</th>
          </tr>
        </thead>
        <tbody>
          {x.versions.map((v) => (
            <tr key={`${v.no}-${v.original}`} data-version={v.state}>
              <th scope="row" className="num">
                {v.no} <small>{t(`plan.version.${v.state}`)}</small>
              </th>
              <td className="right num">
                {planWords(v.value, tx(x.unit), x.direction) || (v.original ? t('plan.notStated') : t('plan.version.same'))}
              </td>
              <td className="num">{v.deadline || (v.original ? '—' : t('plan.version.same'))}</td>
              <td className="num">{v.from || '—'}</td>
              <td>
                {v.decision || '—'}
                {v.original && <small> {t('plan.version.original')}</small>}
                {v.case && (
                  <>
                    {' '}
                    <Link className="num" to={`/cases/${v.case}`}>
                      {v.case}
                    </Link>
                  </>
                )}
                {v.reason && <small> {v.reason}</small>}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

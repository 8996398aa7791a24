import { Link } from 'react-router'
import type { Area } from '../areas'
import { useApi } from '../api/use'
import { PageHead } from '../components/parts'
import { Nothing } from '../components/states'
import { useLang, useTitle } from '../i18n'
import { useDoors, type Group } from '../lib/doors'
import { number } from '../lib/format'

/** A page of doors: what there is to do, and how much of it waits. */
export default function Hub({ group }: { group: Group }) {
  const { t } = useLang()
  const doors = useDoors(group)
  useTitle(t(`hub.${group}`), t('app.name'))
  return (
    <div className="page">
      <PageHead title={t(`hub.${group}`)} lead={t(`hub.${group}Lead`)} />
      {doors.length ? (
        <ul className="hub">
          {doors.map((d) => (
            <Door key={d.path} door={d} />
          ))}
        </ul>
      ) : (
        <Nothing />
      )}
    </div>
  )
}

function Door({ door }: { door: Area }) {
  const { t } = useLang()
  return (
    <li>
      <Link to={door.path}>
        <strong>{door.title && t(door.title)}</strong>
        {door.count && <Waits at={door.count} />}
      </Link>
      {door.note && <p>{t(door.note)}</p>}
    </li>
  )
}

function Waits({ at }: { at: string }) {
  const { t } = useLang()
  const { data } = useApi<{ count: number }>(at)
  if (!data) return null
  return (
    <span className={data.count ? 'num waits' : 'num'} title={t('hub.waits')}>
      {number(data.count)}
    </span>
  )
}

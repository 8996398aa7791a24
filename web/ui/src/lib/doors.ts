import { areas, type Area } from '../areas'
import { useSession } from '../session'

export type Group = NonNullable<Area['group']>

/** The doors of a group that the reader may open. */
export function useDoors(group: Group): Area[] {
  const { may } = useSession()
  return areas.filter((a) => a.group === group && a.title && (!a.rights || a.rights.some(may)))
}

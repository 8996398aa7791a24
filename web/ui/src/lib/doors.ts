import { areas, type Area } from '../areas'
import { useSession } from '../session'

export type Group = NonNullable<Area['group']>

/** The doors of a group that the reader may open. */
export function useDoors(group: Group): Area[] {
  const { may } = useSession()
  return areas.filter((a) => a.group === group && a.title && (!a.rights || a.rights.some(may)))
}

/** The group whose page, or a page below one of whose doors, an address is. */
export function groupOf(pathname: string): Group | undefined {
  const below = (path: string) => pathname === path || pathname.startsWith(`${path}/`)
  return areas.find((a) => a.group && a.title && below(a.path))?.group ?? (['work', 'admin'] as const).find((g) => below(`/${g}`))
}

import type { Area } from '../../areas'

/** The pages of this area. */
export const areas: Area[] = []

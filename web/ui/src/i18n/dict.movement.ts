// Words of the pages in pages/movement.

export const pairs = {} as const satisfies Record<string, readonly [string, string]>

// Words of the pages in pages/correct.

export const pairs = {} as const satisfies Record<string, readonly [string, string]>

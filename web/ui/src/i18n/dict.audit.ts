// Words of the pages in pages/audit.

export const pairs = {} as const satisfies Record<string, readonly [string, string]>

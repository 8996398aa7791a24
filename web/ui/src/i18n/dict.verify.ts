// Words of the pages in pages/verify.

export const pairs = {} as const satisfies Record<string, readonly [string, string]>

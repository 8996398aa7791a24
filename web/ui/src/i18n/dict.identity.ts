// Words of the pages in pages/identity.

export const pairs = {} as const satisfies Record<string, readonly [string, string]>

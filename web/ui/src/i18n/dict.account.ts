// Words of the pages in pages/account.

export const pairs = {} as const satisfies Record<string, readonly [string, string]>

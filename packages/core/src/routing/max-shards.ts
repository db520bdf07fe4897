/** Maximum number of shards of a router. */
export const MAX_SHARDS = 2 ** 31

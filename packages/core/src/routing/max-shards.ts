/** Most shards a router can tell apart. */
export const MAX_SHARDS = 2 ** 31

/** Bound on opening one shard unless told otherwise, in milliseconds. */
export const DEFAULT_OPEN_TIMEOUT_MS = 30_000

/** Default bound on opening one shard, in milliseconds. */
export const DEFAULT_OPEN_TIMEOUT_MS = 30_000

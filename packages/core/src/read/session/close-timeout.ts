/** Bound on how long `close()` of a reader waits for running calls, in milliseconds. */
export const CLOSE_TIMEOUT_MS = 10_000

/** Bound on what `close()` of a reader waits for calls that are still running, abandoned ones among them, in milliseconds. */
export const CLOSE_TIMEOUT_MS = 10_000

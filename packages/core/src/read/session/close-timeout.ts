/** How long `close()` of a reader waits for running calls at most, in milliseconds. */
export const CLOSE_TIMEOUT_MS = 10_000

import pLimit, { type LimitFunction } from 'p-limit'

// The binding hands over a finished read by blocking the thread that did it until this thread has
// time. koffi has room for 256 blocked threads; one more crashes the process. Local files use one
// thread per read, so the number of concurrent reads must stay below that. Half of it leaves room
// for the engine's own work; more than 64 are no faster (measured).
const CALLS_AT_A_TIME = 128

/**
 * Runs a call into the binding once a slot is free. Each call must have a bound, because others
 * wait for it.
 */
export const nativeCall: LimitFunction = pLimit(CALLS_AT_A_TIME)

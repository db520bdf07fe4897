import pLimit, { type LimitFunction } from 'p-limit'

// The binding hands a finished read over by stopping the thread that did it until this one has time, and
// koffi has room for 256 threads stopped like that: one more takes the process down. Local files are read
// on as many threads as there are reads, so that many must never be under way. Half leaves room for what
// the engine does by itself; beyond 64 more of them are no faster anyway (measured).
const CALLS_AT_A_TIME = 128

/** Runs a call into the binding when its turn has come; each must have a bound, since others wait for it. */
export const nativeCall: LimitFunction = pLimit(CALLS_AT_A_TIME)

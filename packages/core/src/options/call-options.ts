import * as v from 'valibot'
import { isAbortSignal } from '../async/is-abort-signal.js'
import { invalidOption } from '../errors/error-factories.js'
import { withManyListeners } from '#node/async/many-listeners'
import { describeValue } from './describe-value.js'
import { unknownOption } from './unknown-option.js'

/** Options of calls that can only be aborted. */
export interface SignalOption {
  /** Ends the call with the reason of the signal. */
  signal?: AbortSignal | undefined
}

export const signalSchema = v.pipe(
  v.custom<AbortSignal>(isAbortSignal, 'must be an AbortSignal'),
  v.transform(withManyListeners),
)

/**
 * Checks the options of one call without a schema, which would cost more than the lookup itself.
 *
 * Errors: SHARD_INVALID_OPTION naming the first unknown option, or a signal that is not an
 * AbortSignal.
 */
export function checkCallOptions(
  options: object | undefined,
  known: readonly string[],
  where: string,
): void {
  if (options === undefined) return
  let problem: string | undefined
  if (typeof options !== 'object' || options === null) {
    problem = `options must be an object, got ${describeValue(options)}`
  } else {
    const unknown = Object.keys(options).find((name) => !known.includes(name))
    const { signal } = options as SignalOption
    if (unknown !== undefined) problem = unknownOption(unknown, known)
    else if (signal !== undefined && !isAbortSignal(signal))
      problem = `signal must be an AbortSignal, got ${describeValue(signal)}`
    else if (signal !== undefined) withManyListeners(signal)
  }
  if (problem === undefined) return
  throw invalidOption(where, problem, { details: { problems: [problem] } })
}

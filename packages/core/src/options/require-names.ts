import { invalidOption } from '../errors/error-factories.js'
import { unknownOption } from './unknown-option.js'

/**
 * Refuses an unknown option of a function that takes some options itself and passes the others on: only here are all
 * names known, of which one was probably meant.
 *
 * Shape: `around` names the object of the options in messages, such as `vector`. Errors: SHARD_INVALID_OPTION.
 */
export function requireNames(
  options: unknown,
  known: readonly string[],
  where: string,
  around?: string,
): void {
  if (typeof options !== 'object' || options === null) return
  const unknown = Object.keys(options).filter((name) => !known.includes(name))
  if (unknown.length === 0) return
  const path = around === undefined ? '' : `${around}.`
  const problems = unknown.map((name) => unknownOption(`${path}${name}`, known))
  throw invalidOption(where, problems.join('; '), { details: { problems } })
}

import type { RoutingContext } from '@shardyfusion/core'
import { isDigits, isInteger } from '../util/digits.js'
import { UsageError } from '../util/usage-error.js'

/**
 * Parses `--context column=value` to the columns of a CEL expression.
 *
 * The form of a value decides its type: digits are an integer, true and false are booleans, quoted values are text.
 * Errors: UsageError.
 */
export function parseRoutingContext(
  given: readonly string[] | undefined,
): RoutingContext | undefined {
  if (given === undefined) return undefined
  return Object.fromEntries(
    given.map((text) => {
      const at = text.indexOf('=')
      if (at > 0) return [text.slice(0, at), contextValue(text.slice(at + 1))]
      throw new UsageError(`--context must be column=value, got ${JSON.stringify(text)}`)
    }),
  )
}

function contextValue(text: string): bigint | number | boolean | string {
  if (isInteger(text)) return BigInt(text)
  if (isDecimal(text)) return Number(text)
  if (text === 'true' || text === 'false') return text === 'true'
  const isQuoted = text.length > 1 && text.startsWith('"') && text.endsWith('"')
  return isQuoted ? text.slice(1, -1) : text
}

function isDecimal(text: string): boolean {
  const [whole = '', fraction = '', ...more] = text.split('.')
  return more.length === 0 && isInteger(whole) && isDigits(fraction)
}

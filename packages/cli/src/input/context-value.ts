import type { RoutingContext } from '@shardyfusion/core'
import { isInteger } from '../util/digits.js'
import { encodedBytes } from '../util/encoded-bytes.js'
import { BadRow } from './bad-row.js'
import { quoted } from './row-key.js'

/** The digits of 2^64 and a minus sign. */
const MAX_LENGTH = 21

/** Converts a cell to the CEL type of its column. Errors: BadRow. */
export function contextValue(given: unknown, name: string, type: string): RoutingContext[string] {
  if (given === null) return null
  const text = typeof given === 'string' ? given : JSON.stringify(given)
  switch (type) {
    case 'int':
    case 'uint':
      if (isInteger(text) && text.length <= MAX_LENGTH) return BigInt(text)
      break
    case 'double':
      if (text.trim() !== '' && Number.isFinite(Number(text))) return Number(text)
      break
    case 'bool':
      if (text === 'true' || text === 'false') return text === 'true'
      break
    case 'bytes': {
      const bytes = encodedBytes(text, 'base64')
      if (bytes !== undefined) return bytes
      break
    }
    default:
      if (typeof given === 'string' || typeof given === 'number') return text
  }
  throw new BadRow(`the column "${name}" must be ${type} for the expression, got ${quoted(given)}`)
}

import { describeValue } from '../options/describe-value.js'
import type { Key } from '../types.js'
import { invalidKey } from '../errors/error-factories.js'

/** Refuses a single key where a list is expected: text would be looked up letter by letter. */
export function requireKeyList(keys: readonly Key[], where: string): void {
  if (Array.isArray(keys)) return
  throw invalidKey(where, `keys must be an array, got ${describeValue(keys)}`, {
    peer: 'ValueError',
  })
}

import { createHash } from 'node:crypto'
import { do_not_optimize } from 'mitata'
import type { Visit } from './bare.js'

/** A digest of all bytes of a scan in order, for comparisons. */
export async function digestOf(scan: (visit: Visit) => Promise<void>): Promise<string> {
  const hash = createHash('sha256')
  await scan((key, value) => void hash.update(key).update(value))
  return hash.digest('hex')
}

/** A digest of values in their order. */
export function digestOfValues(values: readonly (Uint8Array | undefined)[]): string {
  const hash = createHash('sha256')
  for (const value of values) hash.update(value!)
  return hash.digest('hex')
}

/** The minimal work of a caller with a row. */
export const touch: Visit = (key, value) => do_not_optimize(key.length + value.length)

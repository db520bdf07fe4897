import { BadRow } from './bad-row.js'
import { quoted } from './row-key.js'
import type { Row } from './row.js'

const DELETES = new Set(['true', '1', 'd', 'delete', 'deleted'])
const PUTS = new Set([
  'false',
  '0',
  '',
  'c',
  'create',
  'i',
  'insert',
  'p',
  'put',
  'r',
  'read',
  'u',
  'update',
  'upsert',
])

const NOTHING = new Uint8Array(0)

/**
 * Returns true if the marker of a change says that it deletes its key. A missing marker puts.
 *
 * Shape: `true` and `false`, 1 and 0, or a word for the operation, in any case. Errors: BadRow for
 * anything else, because a guess would lose data.
 */
export function isDeleteMarker(value: unknown, column: string): boolean {
  if (value === undefined || value === null) return false
  const isScalar = typeof value === 'string' || typeof value === 'number'
  const isOther = typeof value === 'boolean' || typeof value === 'bigint'
  const word = isScalar || isOther ? String(value).trim().toLowerCase() : undefined
  if (word !== undefined && DELETES.has(word)) return true
  if (word !== undefined && PUTS.has(word)) return false
  throw new BadRow(
    `the column "${column}" must say delete (true, 1, d, delete) or put (false, 0, p, put, c, u, r, …), got ${quoted(value)}`,
  )
}

/** The row of a change that deletes its key. */
export function deletingRow(row: Omit<Row, 'value' | 'deletes'>): Row {
  return { ...row, value: NOTHING, deletes: true }
}

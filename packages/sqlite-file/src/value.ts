/**
 * A value as SQLite stores it: NULL, INTEGER, REAL, TEXT or BLOB.
 *
 * An INTEGER is a number if it is safe and a bigint if not; with `integers: 'bigint'` it is always a bigint.
 * Blobs may be views of cached pages: copy them before you change them.
 */
export type SqlValue = null | number | bigint | string | Uint8Array

/** How INTEGER values appear. */
export type IntegerMode = 'number' | 'bigint'

/** An integer of 64 bits: a number where it is safe, otherwise a bigint. */
export type Integer = number | bigint

/** The smallest form of an integer, so that equal integers are `===`. */
export function toInteger(value: bigint): Integer {
  return value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER
    ? Number(value)
    : value
}

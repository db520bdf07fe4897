/**
 * A value as SQLite stores it: NULL, INTEGER, REAL, TEXT or BLOB.
 *
 * An INTEGER is a number if it is safe and a bigint if not; with `integers: 'bigint'` it is always a bigint.
 * Blobs may be views of cached pages: copy them before you change them.
 */
export type SqlValue = null | number | bigint | string | Uint8Array

/** How INTEGER values appear. */
export type IntegerMode = 'number' | 'bigint'

/** How the values of a row are read. */
export interface ValueOptions {
  /** How INTEGER values of rows appear: as numbers where they are safe (the default), or all as bigints. */
  readonly integers?: IntegerMode | undefined
  /**
   * Bytes of a TEXT value that are not text in the encoding of the file: replaced by U+FFFD, as SQLite does (the
   * default), or refused with DAMAGED.
   */
  readonly malformedText?: 'replace' | 'refuse' | undefined
}

/** The same with its defaults. */
export interface ValueMode {
  readonly integers: IntegerMode
  readonly refusesText: boolean
}

export const DEFAULT_MODE: ValueMode = { integers: 'number', refusesText: false }

export function valueMode({ integers = 'number', malformedText }: ValueOptions): ValueMode {
  return { integers, refusesText: malformedText === 'refuse' }
}

/** An integer of 64 bits: a number where it is safe, otherwise a bigint. */
export type Integer = number | bigint

/** The smallest form of an integer, so that equal integers are `===`. */
export function toInteger(value: bigint): Integer {
  return value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER
    ? Number(value)
    : value
}

import * as v from 'valibot'
import { MAX_STORED_VALUE_BYTES, MAX_VALUE_BYTES } from '../text/value-limits.js'

/**
 * An integer of at least `min`, with its unit in the message: `must be an integer of 1 or more
 * (entries)`.
 */
export function integer(min: number, unit: string, max = Number.MAX_SAFE_INTEGER) {
  const message =
    max === Number.MAX_SAFE_INTEGER
      ? `must be an integer of ${min} or more (${unit})`
      : `must be an integer from ${min} to ${max} (${unit})`
  return v.pipe(
    v.number(message),
    v.check((n) => Number.isSafeInteger(n) && n >= min && n <= max, message),
  )
}

/** A finite number above 0, with its unit in the message. */
export function positive(unit: string) {
  const message = `must be a number above 0 (${unit})`
  return v.pipe(
    v.number(message),
    v.check((n) => Number.isFinite(n) && n > 0, message),
  )
}

export function functionSchema<F>() {
  return v.custom<F>((f) => typeof f === 'function', 'must be a function')
}

export const keyEncodingSchema = v.optional(
  v.picklist(['u64be', 'u32be', 'utf8', 'raw'], 'must be u64be, u32be, utf8 or raw'),
  'u64be',
)

export const maxValueBytesSchema = v.optional(
  integer(1, 'bytes', MAX_STORED_VALUE_BYTES),
  MAX_VALUE_BYTES,
)

export const urlSchema = v.pipe(
  v.string('must be a URL'),
  v.check(URL.canParse, 'must be a URL, such as import.meta.resolve() gives'),
)

export const MIB = 1024 * 1024

import * as v from 'valibot'

/**
 * How a value becomes bytes, and bytes a value.
 *
 * Both run in the calling thread, for each value, and return at once. An error that they throw is
 * the cause of SHARD_INVALID_VALUE.
 *
 * @example
 * const dates: ValueCodec<Date> = {
 *   encode: (date) => new TextEncoder().encode(date.toISOString()),
 *   decode: (bytes) => new Date(new TextDecoder().decode(bytes)),
 * }
 */
export interface ValueCodec<T = unknown> {
  /** Returns the bytes to store; the caller of `put` may change the value afterwards. */
  encode(value: T): Uint8Array
  /**
   * Returns the value of stored bytes. The bytes are only valid during the call: copy those that the
   * value keeps.
   */
  decode(bytes: Uint8Array): T
}

/**
 * The form of values in the API: stored bytes (`Uint8Array`), text, anything that JSON can hold, or
 * that of a codec.
 */
export type ValuesOption = 'bytes' | 'utf8' | 'json' | ValueCodec

/** The type of a value of the caller, by the option `values`. */
export type ValueOf<V extends ValuesOption> = V extends 'bytes'
  ? Uint8Array
  : V extends 'utf8'
    ? string
    : V extends 'json'
      ? unknown
      : V extends ValueCodec<infer T>
        ? T
        : never

export const valuesSchema = v.optional(
  v.union(
    [v.picklist(['bytes', 'utf8', 'json']), v.custom<ValueCodec>(isValueCodec)],
    "must be 'bytes', 'utf8', 'json' or a codec ({ encode, decode })",
  ),
  'bytes',
)

export function isValueCodec(given: unknown): given is ValueCodec {
  if (typeof given !== 'object' || given === null) return false
  const { encode, decode } = given as Partial<ValueCodec>
  return typeof encode === 'function' && typeof decode === 'function'
}

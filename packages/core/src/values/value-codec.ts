import * as v from 'valibot'
import type { StandardSchema } from './standard-schema.js'

/**
 * How a value becomes bytes, and bytes a value.
 *
 * Both run in the calling thread, for each value, and return at once. An error that they throw is
 * the cause of SHARD_INVALID_VALUE.
 *
 * @example
 * const dates: ValueCodec<Date> = {
 *   name: 'date',
 *   encode: (date) => new TextEncoder().encode(date.toISOString()),
 *   decode: (bytes) => new Date(new TextDecoder().decode(bytes)),
 * }
 */
export interface ValueCodec<T = unknown> {
  /**
   * The name of the format, at most 100 characters. Writers record it in the manifest; readers refuse
   * a snapshot that records another one. Nothing is recorded and checked without it.
   */
  readonly name?: string | undefined
  /** Other names that this codec reads too, such as that of an earlier version. */
  readonly reads?: readonly string[] | undefined
  /** Returns the bytes to store; the caller of `put` may change the value afterwards. */
  encode(value: T): Uint8Array
  /** Returns the value of stored bytes, which belong to it: no other call sees them. */
  decode(bytes: Uint8Array): T
}

/**
 * The form of values in the API: stored bytes (`Uint8Array`), text, anything that JSON can hold, or
 * that of a codec.
 */
export type ValuesOption = 'bytes' | 'utf8' | 'json' | ValueCodec

/** A schema, or none. */
export type SchemaOption = StandardSchema | undefined

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

/** The type of a value that a reader returns: the output of the schema, if there is one. */
export type ReadValue<V extends ValuesOption, S extends SchemaOption> =
  S extends StandardSchema<infer _, infer O> ? O : ValueOf<V>

/** The type of a value that a writer takes: also an input of the schema, if there is one. */
export type WrittenValue<V extends ValuesOption, S extends SchemaOption> =
  S extends StandardSchema<infer I, infer _> ? I & ValueOf<V> : ValueOf<V>

const MAX_NAME = 100

export const valuesSchema = v.optional(
  v.pipe(
    v.union(
      [v.picklist(['bytes', 'utf8', 'json']), v.custom<ValueCodec>(isValueCodec)],
      "must be 'bytes', 'utf8', 'json' or a codec ({ encode, decode })",
    ),
    v.check(
      (values) => typeof values === 'string' || hasNames(values),
      `must have as name, and in reads, text of 1 to ${MAX_NAME} characters`,
    ),
  ),
  'bytes',
)

const schemaSchema = v.optional(
  v.custom<StandardSchema>(
    isStandardSchema,
    'must be a Standard Schema (https://standardschema.dev), such as valibot, zod and arktype make',
  ),
)

/** The options of values, of readers and writers. */
export const valueEntries = { values: valuesSchema, schema: schemaSchema }

export function isValueCodec(given: unknown): given is ValueCodec {
  if (typeof given !== 'object' || given === null) return false
  const { encode, decode } = given as Partial<ValueCodec>
  return typeof encode === 'function' && typeof decode === 'function'
}

function hasNames({ name, reads }: ValueCodec): boolean {
  const isName = (text: unknown) =>
    typeof text === 'string' && text !== '' && text.length <= MAX_NAME
  if (name !== undefined && !isName(name)) return false
  return reads === undefined || (Array.isArray(reads) && reads.every(isName))
}

function isStandardSchema(given: unknown): boolean {
  // Schemas of arktype are functions.
  if ((typeof given !== 'object' && typeof given !== 'function') || given === null) return false
  const standard = (given as Partial<StandardSchema>)['~standard']
  return standard?.version === 1 && typeof standard.validate === 'function'
}

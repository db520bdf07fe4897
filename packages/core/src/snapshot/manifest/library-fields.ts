import { describeValue } from '../../options/describe-value.js'
import { isObject, type JsonValue } from '../../text/lossless-json.js'

/** The fields of `custom` that this SDK writes by itself; no caller may use these names. */
export const LIBRARY_FIELDS = ['shard_format', 'shard_seals'] as const

const SEALS_VERSION = 1

/** Between the seals of two shards; no seal contains it. */
const BETWEEN = ';'

/** Facts about shards that the tables of a manifest have no column for. */
export interface LibraryFields {
  /** How shards are stored, such as `slatedb`; `undefined` if the writer did not say. */
  readonly shardFormat?: string | undefined
  /** One for each shard as `encodeSeal` writes it, `''` for those without; `undefined` if there are none. */
  readonly seals?: readonly string[] | undefined
}

/** What `custom` holds: the fields of this SDK, and those of the publisher. Errors: TypeError naming the part. */
export function splitCustom(custom: Readonly<Record<string, JsonValue>>): {
  readonly fields: LibraryFields
  readonly custom: Readonly<Record<string, JsonValue>>
} {
  const { shard_format: format, shard_seals: seals, ...rest } = custom
  const kept: Record<string, JsonValue> = rest
  // Of another shape it is the publisher's own, or that of a later version: nothing is checked then.
  if (format !== undefined && typeof format !== 'string') kept['shard_format'] = format
  const known = seals !== undefined && isObject(seals) && seals['format_version'] === SEALS_VERSION
  if (seals !== undefined && !known) kept['shard_seals'] = seals
  return {
    fields: {
      ...(typeof format === 'string' && { shardFormat: format }),
      ...(known && { seals: splitSeals(seals['shards']) }),
    },
    custom: kept,
  }
}

/** The reverse. */
export function joinCustom(
  custom: Readonly<Record<string, unknown>>,
  { shardFormat, seals = [] }: LibraryFields,
): Record<string, unknown> {
  const hasSeals = seals.some((seal) => seal !== '')
  return {
    ...custom,
    ...(shardFormat !== undefined && { shard_format: shardFormat }),
    ...(hasSeals && {
      shard_seals: { format_version: SEALS_VERSION, shards: seals.join(BETWEEN) },
    }),
  }
}

/** One text for all shards: an open reads it in a moment, where one member for each shard takes longer than the rest. */
function splitSeals(shards: JsonValue | undefined): string[] {
  if (typeof shards === 'string') return shards.split(BETWEEN)
  throw new TypeError(`shards must be text, got ${describeValue(shards)}`)
}

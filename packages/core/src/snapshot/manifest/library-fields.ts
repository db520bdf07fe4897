import { describeValue } from '../../options/describe-value.js'
import { isObject, type JsonValue } from '../../text/lossless-json.js'

/** The fields of `custom` that this SDK writes; callers may not use these names. */
export const LIBRARY_FIELDS = [
  'shard_format',
  'shard_seals',
  'value_codec',
  'cells_sha256',
] as const

const SEALS_VERSION = 1

/** Separates the seals of two shards; no seal contains it. */
const BETWEEN = ';'

/** Facts that a manifest's tables have no column for. */
export interface LibraryFields {
  /** Storage format of shards, such as `slatedb`; `undefined` if the writer did not record it. */
  readonly shardFormat?: string | undefined
  /** Name of the codec of values; `undefined` if the writer did not record it. */
  readonly valueCodec?: string | undefined
  /**
   * One seal per shard, as `encodeSeal` writes it; `''` for shards without one; `undefined` if
   * there are none.
   */
  readonly seals?: readonly string[] | undefined
  /** The digest of all cells, as `CellsDigest` makes it; `undefined` if the writer did not store it. */
  readonly cellsDigest?: string | undefined
}

/**
 * Splits `custom` into the fields of this SDK and those of the publisher. Errors: TypeError naming
 * the part.
 */
export function splitCustom(custom: Readonly<Record<string, JsonValue>>): {
  readonly fields: LibraryFields
  readonly custom: Readonly<Record<string, JsonValue>>
} {
  const {
    shard_format: format,
    shard_seals: seals,
    value_codec: codec,
    cells_sha256: digest,
    ...rest
  } = custom
  const kept: Record<string, JsonValue> = rest
  // Another shape belongs to the publisher or to a later version; then nothing is checked.
  if (format !== undefined && typeof format !== 'string') kept['shard_format'] = format
  if (codec !== undefined && typeof codec !== 'string') kept['value_codec'] = codec
  if (digest !== undefined && typeof digest !== 'string') kept['cells_sha256'] = digest
  const known = seals !== undefined && isObject(seals) && seals['format_version'] === SEALS_VERSION
  if (seals !== undefined && !known) kept['shard_seals'] = seals
  return {
    fields: {
      ...(typeof format === 'string' && { shardFormat: format }),
      ...(typeof codec === 'string' && { valueCodec: codec }),
      ...(known && { seals: splitSeals(seals['shards']) }),
      ...(typeof digest === 'string' && { cellsDigest: digest }),
    },
    custom: kept,
  }
}

/** The reverse of `splitCustom`. */
export function joinCustom(
  custom: Readonly<Record<string, unknown>>,
  { shardFormat, valueCodec, seals = [], cellsDigest }: LibraryFields,
): Record<string, unknown> {
  const hasSeals = seals.some((seal) => seal !== '')
  return {
    ...custom,
    ...(shardFormat !== undefined && { shard_format: shardFormat }),
    ...(valueCodec !== undefined && { value_codec: valueCodec }),
    ...(hasSeals && {
      shard_seals: { format_version: SEALS_VERSION, shards: seals.join(BETWEEN) },
    }),
    ...(cellsDigest !== undefined && { cells_sha256: cellsDigest }),
  }
}

/**
 * Splits one text for all shards. Opening reads it at once; one member per shard would take longer
 * than everything else.
 */
function splitSeals(shards: JsonValue | undefined): string[] {
  if (typeof shards === 'string') return shards.split(BETWEEN)
  throw new TypeError(`shards must be text, got ${describeValue(shards)}`)
}

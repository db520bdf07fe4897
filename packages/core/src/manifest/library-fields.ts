import type { ShardSeal } from '../engine/shard-seal.js'
import { describeValue } from '../options.js'
import { isObject, type JsonValue, stringifyJson } from './lossless-json.js'
import { sealFromJson, sealToJson } from './seal-json.js'

/** The fields of `custom` that this SDK writes by itself; no caller may use these names. */
export const LIBRARY_FIELDS = ['shard_format', 'shard_seals'] as const

const SEALS_VERSION = 1

/** JSON text of all seals at most, in characters; readers refuse a `custom` of more than 8 MiB. */
const MAX_SEALS_LENGTH = 4 * 1024 * 1024

/** Facts about shards that the tables of a manifest have no column for. */
export interface LibraryFields {
  /** How shards are stored, such as `slatedb`; `undefined` if the writer did not say. */
  readonly shardFormat?: string | undefined
  /** By shard. */
  readonly seals: ReadonlyMap<number, ShardSeal>
}

/** What `custom` holds: the fields of this SDK, and those of the publisher. */
export function splitCustom(custom: Readonly<Record<string, JsonValue>>): {
  readonly fields: LibraryFields
  readonly custom: Readonly<Record<string, JsonValue>>
} {
  const { shard_format: format, shard_seals: seals, ...rest } = custom
  const kept: Record<string, JsonValue> = rest
  // Of another shape it is the publisher's own, or that of a later version: nothing is checked then.
  if (format !== undefined && typeof format !== 'string') kept['shard_format'] = format
  const known = isObject(seals ?? null) && (seals as { format_version?: unknown }).format_version
  if (seals !== undefined && known !== SEALS_VERSION) kept['shard_seals'] = seals
  return {
    fields: {
      ...(typeof format === 'string' && { shardFormat: format }),
      seals: known === SEALS_VERSION ? readSeals(seals as Record<string, JsonValue>) : new Map(),
    },
    custom: kept,
  }
}

/** The reverse. Seals that would make the manifest too large are shortened, or left out; see `fitSeals`. */
export function joinCustom(
  custom: Readonly<Record<string, unknown>>,
  { shardFormat, seals }: LibraryFields,
): Record<string, unknown> {
  const shards = Object.fromEntries(Array.from(seals, ([id, seal]) => [id, sealToJson(seal)]))
  return {
    ...custom,
    ...(shardFormat !== undefined && { shard_format: shardFormat }),
    ...(seals.size > 0 && { shard_seals: { format_version: SEALS_VERSION, shards } }),
  }
}

/** The seals as far as a manifest has room for them: without tables if need be, or none. */
export function fitSeals(seals: ReadonlyMap<number, ShardSeal>): ReadonlyMap<number, ShardSeal> {
  if (lengthOf(seals) <= MAX_SEALS_LENGTH) return seals
  const short = new Map(Array.from(seals, ([id, seal]) => [id, withDigests(seal)]))
  return lengthOf(short) <= MAX_SEALS_LENGTH ? short : new Map()
}

/** The objects with a digest alone: what the others are follows from them, but not their sizes. */
function withDigests({ objects, keys }: ShardSeal): ShardSeal {
  const kept = Object.entries(objects).filter(([, { sha256 }]) => sha256 !== undefined)
  return { objects: Object.fromEntries(kept), ...(keys !== undefined && { keys }) }
}

function lengthOf(seals: ReadonlyMap<number, ShardSeal>): number {
  let length = 0
  for (const [id, seal] of seals)
    length += stringifyJson(sealToJson(seal), 'spaced').length + `"${id}": , `.length
  return length
}

/** Errors: TypeError naming the shard and the part. */
function readSeals({ shards }: Record<string, JsonValue>): Map<number, ShardSeal> {
  if (!isObject(shards ?? null)) throw new TypeError('shards must be an object')
  const seals = new Map<number, ShardSeal>()
  for (const [id, json] of Object.entries(shards as Record<string, JsonValue>)) {
    if (!/^(0|[1-9]\d{0,8})$/.test(id))
      throw new TypeError(`shards must be named by their ids, got ${describeValue(id)}`)
    try {
      seals.set(Number(id), sealFromJson(json))
    } catch (cause) {
      throw new TypeError(`shards.${id}: ${(cause as Error).message}`, { cause })
    }
  }
  return seals
}

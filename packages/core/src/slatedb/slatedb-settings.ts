import * as v from 'valibot'
import type { ShardyfusionError } from '../errors.js'
import { invalidOption } from '../errors/error-factories.js'
import { parseOptions } from '../options/parse-options.js'
import { integer } from '../options/scalars.js'
import { isError } from '../errors/is-error.js'

/** Codecs of the SlateDB format. A reader must be built with the codec a shard was written with. */
export type Compression = 'snappy' | 'lz4' | 'zlib' | 'zstd'

/**
 * SlateDB settings for writing a shard. All are optional; the defaults are SlateDB's unless noted.
 *
 * Units: each name ends in its unit. `rawOverrides` sets any other setting by its dotted name, and
 * wins. Source: SlateDB `Settings`; wire-format §11.1.
 */
export interface SlateDbSettings {
  /** Interval at which buffered writes are flushed; has an effect only with `walEnabled`. */
  flushIntervalMs?: number
  /**
   * Size at which a table in memory is written to storage; by default a share of the writer's
   * memory.
   */
  l0SstSizeBytes?: number
  /** Number of tables on storage at which writes wait for compaction; unlimited by default. */
  l0MaxSsts?: number
  /** Unflushed bytes at which writes wait; by default twice the table size. */
  maxUnflushedBytes?: number
  /** Lifetime of new entries; by default they never expire. */
  defaultTtlMs?: number
  /**
   * Compression of blocks. By default, the engine in WebAssembly packs each table with snappy if that
   * makes its first blocks smaller by an eighth; the native one packs none.
   */
  compression?: Compression | 'none'
  /**
   * Logs writes before they are in tables. Off by default, because a shard is invisible until
   * published.
   */
  walEnabled?: boolean
  /** Smallest table that gets a bloom filter (entries). */
  minFilterKeys?: number
  /** Bloom filter size (bits per key). */
  filterBitsPerKey?: number
  /** Any other setting: dotted name to JSON value. */
  rawOverrides?: Readonly<Record<string, unknown>>
}

// As the engine spells them.
const CODEC_NAMES = {
  snappy: 'Snappy',
  lz4: 'Lz4',
  zlib: 'Zlib',
  zstd: 'Zstd',
  none: null,
} as const

const settingsSchema = v.strictObject({
  flushIntervalMs: v.optional(integer(1, 'milliseconds')),
  l0SstSizeBytes: v.optional(integer(1024, 'bytes')),
  l0MaxSsts: v.optional(integer(1, 'tables')),
  maxUnflushedBytes: v.optional(integer(1024, 'bytes')),
  defaultTtlMs: v.optional(integer(1, 'milliseconds')),
  compression: v.optional(
    v.picklist(
      Object.keys(CODEC_NAMES) as (Compression | 'none')[],
      'must be snappy, lz4, zlib, zstd or none',
    ),
  ),
  walEnabled: v.optional(v.boolean('must be true or false')),
  minFilterKeys: v.optional(integer(0, 'entries')),
  filterBitsPerKey: v.optional(integer(1, 'bits')),
  rawOverrides: v.optional(v.record(v.string(), v.unknown(), 'must be an object of dotted names')),
})

/** One setting in SlateDB's form: dotted name and JSON literal. */
export type SettingPair = readonly [name: string, json: string]

/** Values that a writer sets unless the settings override them. */
export interface SettingDefaults {
  readonly l0SstSizeBytes: number
}

/**
 * Converts settings to SlateDB's pairs, in the order in which they are applied.
 *
 * Errors: SHARD_INVALID_OPTION for an unknown field or a bad value.
 */
export function slateDbSettingPairs(
  input: unknown,
  where: string,
  defaults?: SettingDefaults,
): SettingPair[] {
  const settings = parseOptions(settingsSchema, fromLegacy(input), `${where}: settings`)
  const pairs: SettingPair[] = defaults === undefined ? [] : writerDefaults(settings, defaults)
  const set = (name: string, value: unknown): void => {
    if (value !== undefined) pairs.push([name, jsonLiteral(name, value, where)])
  }
  const ms = (value: number | undefined): string | undefined =>
    value === undefined ? undefined : `${value}ms`
  set('flush_interval', ms(settings.flushIntervalMs))
  set('l0_sst_size_bytes', settings.l0SstSizeBytes)
  set('default_ttl', settings.defaultTtlMs)
  set('l0_max_ssts', settings.l0MaxSsts)
  set('max_unflushed_bytes', settings.maxUnflushedBytes)
  set('wal_enabled', settings.walEnabled)
  set('min_filter_keys', settings.minFilterKeys)
  set('filter_bits_per_key', settings.filterBitsPerKey)
  if (settings.compression !== undefined)
    set('compression_codec', CODEC_NAMES[settings.compression])
  for (const [name, value] of Object.entries(settings.rawOverrides ?? {})) set(name, value)
  return pairs
}

/** Checks settings before anything is opened. Errors: SHARD_INVALID_OPTION. */
export function checkSlateDbSettings(settings: unknown, where: string): void {
  slateDbSettingPairs(settings, where)
}

/**
 * Sets every pair; refuses what the engine refuses, and names that it silently drops.
 *
 * Errors: SHARD_INVALID_OPTION naming the setting.
 */
export function applySettings(
  pairs: readonly SettingPair[],
  settings: { set(name: string, json: string): void; to_json_string?(): string },
  where: string,
): void {
  for (const [name, json] of pairs) {
    try {
      settings.set(name, json)
    } catch (cause) {
      const reason = isError(cause) ? cause.message : String(cause)
      throw badSetting(where, name, `the engine refuses "${name}": ${reason}`, cause)
    }
  }
  if (typeof settings.to_json_string !== 'function') return
  const held: unknown = JSON.parse(settings.to_json_string())
  const unknown = pairs.find(([name]) => !holds(held, name.split('.')))
  if (unknown === undefined) return
  const [name] = unknown
  throw badSetting(
    where,
    name,
    `the engine has no setting "${name}"; see the fields of SlateDB's Settings`,
  )
}

function badSetting(
  where: string,
  name: string,
  problem: string,
  cause?: unknown,
): ShardyfusionError {
  return invalidOption(where, `settings: ${problem}`, { cause, details: { setting: name } })
}

function holds(value: unknown, [name, ...rest]: readonly string[]): boolean {
  if (name === undefined) return true
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return false
  return holds((value as Record<string, unknown>)[name], rest)
}

// No log: an unpublished shard has no readers. No compactor and no garbage collector: they would
// race the seal, and replaced tables would stay in storage. No limit on tables: without a
// compactor, waiting writes would never resume.
function writerDefaults(settings: SlateDbSettings, defaults: SettingDefaults): SettingPair[] {
  // A table must fit into the unflushed bytes, or it would never be written.
  const most = Math.floor((settings.maxUnflushedBytes ?? Number.POSITIVE_INFINITY) / 2)
  const tableBytes = settings.l0SstSizeBytes ?? Math.min(defaults.l0SstSizeBytes, most)
  const overridden = Object.keys(settings.rawOverrides ?? {})
  // A section that is off cannot be set in part; setting one of its fields turns the whole section
  // on.
  const off = ['compactor_options', 'garbage_collector_options'].filter(
    (section) => !overridden.some((name) => name.startsWith(`${section}.`)),
  )
  return [
    ['wal_enabled', 'false'],
    ...off.map((section): SettingPair => [section, 'null']),
    ['l0_sst_size_bytes', String(tableBytes)],
    ['l0_max_ssts', '1000000'],
    ['max_unflushed_bytes', String(2 * tableBytes)],
  ]
}

function jsonLiteral(name: string, value: unknown, where: string): string {
  let json: string | undefined
  try {
    json = JSON.stringify(value)
  } catch {
    // Reported below, together with values that JSON omits.
  }
  if (json !== undefined) return json
  throw invalidOption(
    where,
    `settings.rawOverrides["${name}"] must be a JSON value, got ${typeof value}`,
  )
}

// Settings of SlateDB itself, as in older configurations of the Python project.
const LEGACY_TOP_LEVEL =
  /^(flush_interval|wal_enabled|l0_|max_unflushed_bytes|default_ttl|compression_codec|min_filter_keys|filter_bits_per_key|manifest_|compactor_options|garbage_collector_options|object_store_cache_options)/
let warned = false

/** Accepts a plain object of SlateDB's own setting names; warns once per process. */
function fromLegacy(input: unknown): unknown {
  if (typeof input !== 'object' || input === null || Array.isArray(input)) return input
  const names = Object.keys(input)
  if (names.length === 0 || !names.every((name) => LEGACY_TOP_LEVEL.test(name))) return input
  if (!warned) {
    warned = true
    process.emitWarning(
      'SlateDB setting names given directly as settings are deprecated; use the typed fields or settings.rawOverrides',
      { type: 'DeprecationWarning', code: 'SHARDYFUSION_LEGACY_SETTINGS' },
    )
  }
  return { rawOverrides: input }
}

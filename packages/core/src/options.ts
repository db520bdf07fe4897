import * as v from 'valibot'
import type { EngineChoice } from './engine/resolve-engine.js'
import { ShardyfusionError } from './errors.js'
import type { Catalog } from './snapshot/catalog/catalog.js'
import type { ObjectStore } from './store/object-store.js'
import type { S3Options } from './store/s3/connect/s3-options.js'
import type { CelType, KeyEncoding, RoutingContext, RoutingValue, ValueEncoding } from './types.js'
import { MAX_STORED_VALUE_BYTES, MAX_VALUE_BYTES } from './text/value-limits.js'
import { isWellFormed } from './text/well-formed.js'

/**
 * Checks caller options against a strict schema and gives the parsed copy.
 *
 * Errors: SHARD_INVALID_OPTION with every problem: the option's path, what was expected, what came.
 */
export function parseOptions<S extends v.GenericSchema>(
  schema: S,
  input: unknown,
  where: string,
): v.InferOutput<S> {
  // Arrays pass for objects without any options.
  const result = v.safeParse(schema, input ?? {})
  if (result.success && !Array.isArray(input)) return result.output
  const problems = result.success
    ? [`options must be an object, got ${describeValue(input)}`]
    : result.issues.map(describeIssue)
  throw new ShardyfusionError('SHARD_INVALID_OPTION', `${where}: ${problems.join('; ')}`, {
    details: { peer: 'ConfigValidationError', problems },
  })
}

/** Options whose values may be credentials, which no message may show. */
const SECRET_PATH = /^s3$|^(?:env|s3\.credentials|s3\.endpoint)(?:\.|$)/

function describeIssue(issue: v.BaseIssue<unknown>): string {
  const path = v.getDotPath(issue)
  if (issue.type === 'strict_object' && issue.expected === 'never')
    return `unknown option "${path}"`
  if (issue.type === 'strict_object' && path !== null && issue.input === undefined) {
    return `${path} is required`
  }
  const got = SECRET_PATH.test(path ?? '') ? describeType(issue.input) : describeValue(issue.input)
  if (path === null && issue.type === 'check') return `options ${issue.message}`
  if (path === null) return `options must be an object, got ${got}`
  if (issue.input === undefined) return `${path} is required (${lowerFirst(issue.message)})`
  return `${path} ${issue.message}, got ${got}`
}

/** A short, safe rendering for messages: never a whole value, never bytes. */
export function describeValue(value: unknown): string {
  if (typeof value === 'string')
    return JSON.stringify(value.length > 60 ? `${value.slice(0, 57)}…` : value)
  if (typeof value === 'bigint') return `${value}n`
  if (value === null || typeof value === 'number' || typeof value === 'boolean')
    return String(value)
  if (value instanceof Uint8Array) return `${value.length} bytes`
  if (Array.isArray(value)) return `an array of ${value.length}`
  if (typeof value === 'object')
    return `an object of type ${value.constructor?.name ?? 'null prototype'}`
  return typeof value === 'function' ? 'a function' : String(value as symbol | undefined)
}

function describeType(value: unknown): string {
  if (value === null || typeof value === 'object') return describeValue(value)
  return value === undefined ? 'undefined' : `a ${typeof value}`
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1)
}

/** An integer of at least `min`, named with its unit: `must be an integer of 1 or more (entries)`. */
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

/** Shards of one snapshot at most: what readers, with their default limits, take from a manifest. */
export const MAX_MANIFEST_SHARDS = 100_000

/** What everything that reads or writes a store takes. */
export interface StorageOptions {
  /** Store for everything but what the engine moves itself; by default chosen by the URL's scheme. */
  objects?: ObjectStore | undefined
  /** Environment variables for this one object (credentials, endpoint); they win over `s3` and over the process's. */
  env?: Record<string, string> | undefined
  /** File of `KEY=value` lines to the same end; `env` wins. */
  envFile?: string | undefined
  /** Connection to S3 or a compatible store, for `s3://` URLs: of the SDK's own requests and of the engine's. */
  s3?: S3Options | undefined
  /** Aborts opening (readers) or the whole work (writers and the like); calls reject with the signal's reason. */
  signal?: AbortSignal | undefined
}

/** Options of everything that reads or writes manifests, pointer or run records. */
export interface CatalogOption {
  /** Where manifests, pointer and run records are; by default objects below the prefix. */
  catalog?: Catalog | undefined
}

/** What every class that opens engines takes. */
export interface EngineOptions extends StorageOptions {
  /**
   * What stores shards, such as `slatedb({ settings })`. Writers use SlateDB by default, readers the engine of the
   * snapshot's format. `'auto'`, `'wasm'` and `'native'` are short for `slatedb({ runtime })`.
   */
  engine?: EngineChoice | undefined
  /** Bound on opening one shard, in milliseconds; 30,000 by default. */
  openTimeoutMs?: number | undefined
}

/** How writers batch. */
export interface BatchOptions {
  /** Entries per batch of one shard; 10,000 by default. */
  maxBatchEntries?: number | undefined
  /** Bytes per batch of one shard, keys and values; 128 KiB by default: an engine may hold on to whole batches. */
  maxBatchBytes?: number | undefined
  /** Rows and bytes a second at most; unlimited by default. */
  rateLimit?: WriteRateLimit | undefined
}

/** Bounds on what writers hand to their engines, over all shards of a build; batches go whole, at the average rate. */
export interface WriteRateLimit {
  rowsPerSecond?: number | undefined
  /** Bytes of keys and values. */
  bytesPerSecond?: number | undefined
}

/** How often, and after what waits, a shard that failed is written again. */
export interface RetryPolicy {
  /** Attempts after the first; 3 by default. */
  maxRetries?: number | undefined
  /** Wait before the second attempt, in milliseconds; 1,000 by default. */
  initialBackoffMs?: number | undefined
  /** Each wait is so many times the one before; 2 by default. */
  backoffMultiplier?: number | undefined
}

export interface ShardWriterOptions extends EngineOptions, BatchOptions {
  /** Where the shard's database lies: `file:///…`, `s3://bucket/…` or `memory://name/…`. */
  url: string
  /** How keys are stored; `'u64be'` by default. */
  keyEncoding?: KeyEncoding | undefined
  /** Resident memory the engine should keep to while writing, in bytes; 64 MiB by default. */
  memoryBytes?: number | undefined
}

export interface ShardReaderOptions extends EngineOptions {
  /** Where the shard's database lies. */
  url: string
  /** How keys are stored; `'u64be'` by default. */
  keyEncoding?: KeyEncoding | undefined
  /** Entries fetched at a time by `scanIter`; 1024 by default. */
  iteratorChunkSize?: number | undefined
  /** Longest value that is read, in bytes; 256 MiB by default (see `SnapshotReaderOptions`). */
  maxValueBytes?: number | undefined
  /** The writer's opaque id; accepted and ignored. */
  checkpointId?: string | undefined
}

/** How rows are spread: a number of shards, a size per shard, or a CEL expression. */
export type ShardingOption =
  | { shards: number }
  /** Needs to know the number of rows: from `records.length` or `records.size`, or from `expectedRows`. */
  | { maxKeysPerShard: number; expectedRows?: number | undefined }
  | CelShardingOption

export interface CelShardingOption {
  /** A CEL expression over `columns` that yields the shard, or one of `values`. */
  cel: string
  columns: Record<string, CelType>
  /**
   * Categorical: the shard is the index of the result in this list. `'infer'` takes the results of all rows, ascending:
   * records that can be read twice are, others wait on local disk (`spoolDirectory`) until the last has come.
   */
  values?: readonly RoutingValue[] | 'infer' | undefined
  /** Number of shards when the expression yields it directly. */
  shards?: number | undefined
}

export interface SnapshotWriterOptions extends EngineOptions, BatchOptions, CatalogOption {
  /** Where the snapshot lineage lies: `file:///…`, `s3://bucket/path` or `memory://name`. */
  prefix: string
  sharding: ShardingOption
  /** How keys are stored; `'u64be'` by default. */
  keyEncoding?: KeyEncoding | undefined
  /** What `put` takes as values: bytes (default), text, or anything JSON. */
  valueEncoding?: ValueEncoding | undefined
  /** Bytes waiting in batches over all shards before the fullest is written; 64 MiB by default. */
  maxBufferedBytes?: number | undefined
  /** Resident memory the engines should keep to together, in bytes; 512 MiB by default. */
  memoryBytes?: number | undefined
  /** Shards written at the same time; 4 by default, or twice the number of `workers` if that is more. */
  concurrency?: number | undefined
  /**
   * Worker threads that write shards; `'auto'` for one per core. By default the calling thread writes.
   *
   * The calling thread then only takes, routes and packs rows.
   */
  workers?: number | 'auto' | undefined
  /** URL of the file workers run, for bundles: an entry that imports `@shardyfusion/core/build-thread`. */
  workerUrl?: string | undefined
  /** Sorts the rows of each shard by key before they are written, on local disk where they are many. */
  sort?: boolean | SortOptions | undefined
  /** Id of the run; 32 random hexadecimal digits by default. */
  runId?: string | undefined
  /** Goes on from what an earlier build of this `runId` has sealed, with the same options and input. */
  resume?: boolean | undefined
  /** Writes shards that failed again, from a copy of their rows on local disk; one attempt each by default. */
  retry?: RetryPolicy | undefined
  /** Where `retry` keeps the rows; that for temporary files by default. */
  spoolDirectory?: string | undefined
  /** Your own fields in the manifest. */
  custom?: Record<string, unknown> | undefined
  /** Name of the key column, for information; `_key` by default. */
  keyColumn?: string | undefined
  /** Told how the build goes, a few times a second and at every change of phase. */
  onProgress?: ((progress: BuildProgress) => void) | undefined
  /** Told of what went wrong and does not end the build, such as an attempt that is followed by another. */
  onWarning?: ((warning: BuildWarning) => void) | undefined
}

export interface BuildWarning {
  readonly message: string
  /** What was thrown, if anything was. */
  readonly error: unknown
}

/** How rows are sorted. */
export interface SortOptions {
  /** Bytes of rows held in memory before some go to disk, over all shards of a thread; 256 MiB by default. */
  memoryBytes?: number | undefined
  /** Folder for sorted rows that do not fit; that of the system for temporary files by default. */
  folder?: string | undefined
}

/** How far a build has come. */
export interface BuildProgress {
  readonly phase: 'writing' | 'sealing' | 'publishing' | 'done'
  readonly rows: number
  /** Bytes of keys and values taken. */
  readonly bytes: number
  readonly shards: number
  readonly shardsSealed: number
  /** Shards taken over from an earlier build, with `resume`. */
  readonly shardsResumed: number
  /** Attempts begun after others had failed, over all shards. */
  readonly retries: number
  /** The shards that needed more than one attempt so far, and how many have failed. */
  readonly retriedShards: readonly { readonly shard: number; readonly failedAttempts: number }[]
  readonly elapsedMs: number
  /** Rows per second since the start. */
  readonly rowsPerSecond: number
}

/** Options of everything that keeps a snapshot open. */
export interface SessionOptions extends EngineOptions, CatalogOption {
  /** Where the snapshot lineage lies; `https://…` too (see `HttpStore`). */
  prefix: string
  /** Opens the snapshot this run published, and stays on it, instead of the one `_CURRENT` names. */
  runId?: string | undefined
  /** The same by the URL of its manifest, as `listSnapshots` gives it. */
  manifestRef?: string | undefined
  /** Shards held open at a time, least recently used closed first; 256 by default, 16 with the native engine. */
  maxOpenShards?: number | undefined
  /**
   * Longest value that is read, in bytes; 256 MiB by default. A longer one is SHARD_INVALID_VALUE. The WebAssembly engine
   * unpacks no compressed block to more than this and 256 KiB, whatever the block announces.
   */
  maxValueBytes?: number | undefined
  /** Older manifests tried when the current one is malformed at `open`; 3 by default, 0 for none. */
  maxFallbackAttempts?: number | undefined
  /**
   * Where shards may lie: only below `prefix` (default), or wherever the manifest says; `'rebase'` for a snapshot
   * that was copied to `prefix` or is served there: URLs below where it was written are taken to be below `prefix`.
   */
  shardUrls?: ShardUrls | undefined
}

export interface SnapshotReaderOptions extends SessionOptions {
  /** Keys of scans as stored bytes (default), or decoded to bigint or string. */
  keys?: 'bytes' | 'decoded' | undefined
  /** What values are given as: bytes (default), text, or parsed JSON. */
  valueEncoding?: ValueEncoding | undefined
  /**
   * Bytes of looked-up values, and of keys found not to be there, that are kept for the next lookup; 16 MiB by
   * default, 0 for none. They belong to one snapshot, so none is ever stale.
   */
  valueCacheBytes?: number | undefined
  /** Shards worked on at a time by `getMany` and `scanIter`; 32 by default. */
  concurrency?: number | undefined
  /** Entries fetched at a time by `scanIter`; 1024 by default. */
  iteratorChunkSize?: number | undefined
  /** Keys looked up a second at most, by `get` and `getMany`; unlimited by default. Scans do not count. */
  rateLimit?: ReadRateLimit | undefined
}

export interface ReadRateLimit {
  keysPerSecond: number
}

export type ShardUrls = 'below' | 'any' | 'rebase'

function functionSchema<F>() {
  return v.custom<F>((f) => typeof f === 'function', 'must be a function')
}

const signalSchema = v.instance(AbortSignal, 'must be an AbortSignal')
const keyEncodingSchema = v.optional(
  v.picklist(['u64be', 'u32be', 'utf8', 'raw'], 'must be u64be, u32be, utf8 or raw'),
  'u64be',
)
const valueEncodingSchema = v.optional(
  v.picklist(['bytes', 'utf8', 'json'], 'must be bytes, utf8 or json'),
  'bytes',
)
const MIB = 1024 * 1024

/** Checked where stores are opened, too: the entries of `StorageOptions`. */
export const storageEntries = {
  objects: v.optional(
    v.custom<ObjectStore>(
      (value) => typeof (value as ObjectStore | null)?.listPrefixes === 'function',
      'must be an object store',
    ),
  ),
  env: v.optional(
    v.record(v.string(), v.string('must be an object of strings'), 'must be an object of strings'),
  ),
  envFile: v.optional(v.string('must be the path of a file')),
  // Checked where connections are resolved.
  s3: v.optional(v.any() as v.GenericSchema<S3Options>),
  signal: v.optional(signalSchema),
}
export const catalogEntries = {
  // Checked in full where it is opened.
  catalog: v.optional(
    v.custom<Catalog>(
      (value) =>
        typeof (value as Partial<Catalog> | null)?.manifests?.loadCurrent === 'function' &&
        typeof (value as Partial<Catalog>).runs?.create === 'function',
      'must be a catalog, with manifests and runs',
    ),
  ),
}

/** A finite number above 0, named with its unit. */
function positive(unit: string) {
  const message = `must be a number above 0 (${unit})`
  return v.pipe(
    v.number(message),
    v.check((n) => Number.isFinite(n) && n > 0, message),
  )
}

export const engineEntries = {
  // Checked where engines are resolved, with a message that says what an engine is.
  engine: v.optional(v.any() as v.GenericSchema<EngineChoice>),
  openTimeoutMs: v.optional(integer(1, 'milliseconds')),
  ...storageEntries,
}

const batchEntries = {
  maxBatchEntries: v.optional(integer(1, 'entries'), 10_000),
  maxBatchBytes: v.optional(integer(1, 'bytes'), 128 * 1024),
  rateLimit: v.optional(
    v.strictObject({
      rowsPerSecond: v.optional(positive('rows per second')),
      bytesPerSecond: v.optional(positive('bytes per second')),
    }),
  ),
}

const urlSchema = v.pipe(
  v.string('must be a URL'),
  v.check(URL.canParse, 'must be a URL, such as import.meta.resolve() gives'),
)
const SORT_MEMORY_BYTES = 256 * MIB
const sortSchema = v.optional(
  v.union(
    [
      v.pipe(
        v.boolean(),
        v.transform((on) =>
          on ? { memoryBytes: SORT_MEMORY_BYTES, folder: undefined } : undefined,
        ),
      ),
      v.strictObject({
        memoryBytes: v.optional(integer(MIB, 'bytes'), SORT_MEMORY_BYTES),
        folder: v.optional(v.string()),
      }),
    ],
    'must be true, or { memoryBytes, folder } with a whole number of bytes (1 MiB or more) and a path',
  ),
)

export const shardWriterOptionsSchema = v.strictObject({
  url: v.string('must be a URL'),
  keyEncoding: keyEncodingSchema,
  memoryBytes: v.optional(integer(MIB, 'bytes'), 64 * MIB),
  ...batchEntries,
  ...engineEntries,
})

const maxValueBytesSchema = v.optional(integer(1, 'bytes', MAX_STORED_VALUE_BYTES), MAX_VALUE_BYTES)

export const shardReaderOptionsSchema = v.strictObject({
  url: v.string('must be a URL'),
  keyEncoding: keyEncodingSchema,
  iteratorChunkSize: v.optional(integer(1, 'entries'), 1024),
  maxValueBytes: maxValueBytesSchema,
  checkpointId: v.optional(v.string('must be a string')),
  ...engineEntries,
})

const shardCount = integer(1, 'shards', MAX_MANIFEST_SHARDS)
const shardingSchema = v.union(
  [
    v.strictObject({ shards: shardCount }),
    v.strictObject({
      maxKeysPerShard: integer(1, 'keys'),
      expectedRows: v.optional(integer(0, 'rows')),
    }),
    v.strictObject({
      cel: v.string(),
      columns: v.record(
        v.string(),
        v.picklist([
          'int',
          'uint',
          'string',
          'bytes',
          'double',
          'bool',
        ]) as v.GenericSchema<CelType>,
      ),
      values: v.optional(v.union([v.array(v.union([v.bigint(), v.string()])), v.literal('infer')])),
      shards: v.optional(shardCount),
    }),
  ],
  'must be { shards: 8 }, { maxKeysPerShard: 1000000 } (with expectedRows unless records have a length), or ' +
    '{ cel: "…", columns: { … } }, with whole numbers of 1 or more',
)

const MULTIPLIER = 'must be a number of 1 or more (times the wait before)'
const multiplierSchema = v.pipe(
  v.number(MULTIPLIER),
  v.check((n) => Number.isFinite(n) && n >= 1, MULTIPLIER),
)

export const snapshotWriterOptionsSchema = v.strictObject({
  prefix: v.string('must be a URL'),
  sharding: shardingSchema,
  keyEncoding: keyEncodingSchema,
  valueEncoding: valueEncodingSchema,
  maxBufferedBytes: v.optional(integer(1, 'bytes'), 64 * MIB),
  memoryBytes: v.optional(integer(MIB, 'bytes'), 512 * MIB),
  concurrency: v.optional(integer(1, 'shards')),
  workers: v.optional(
    v.union(
      [v.literal('auto'), integer(1, 'threads', 256)],
      "must be a whole number of 1 or more (threads), or 'auto'",
    ),
  ),
  workerUrl: v.optional(urlSchema),
  sort: sortSchema,
  runId: v.optional(v.string('must be a string')),
  resume: v.optional(v.boolean('must be true or false'), false),
  retry: v.optional(
    v.strictObject({
      maxRetries: v.optional(integer(0, 'retries'), 3),
      initialBackoffMs: v.optional(integer(0, 'milliseconds'), 1000),
      backoffMultiplier: v.optional(multiplierSchema, 2),
    }),
  ),
  spoolDirectory: v.optional(v.string('must be the path of a folder')),
  custom: v.optional(v.record(v.string(), v.unknown(), 'must be an object'), {}),
  keyColumn: v.optional(
    v.pipe(v.string('must be a string'), v.check(isWellFormed, 'must be well-formed text')),
    '_key',
  ),
  onProgress: v.optional(functionSchema<(progress: BuildProgress) => void>()),
  onWarning: v.optional(functionSchema<(warning: BuildWarning) => void>()),
  ...batchEntries,
  ...catalogEntries,
  ...engineEntries,
})

const sessionEntries = {
  prefix: v.string('must be a URL'),
  runId: v.optional(v.string('must be a string')),
  manifestRef: v.optional(v.string('must be the URL of a manifest')),
  maxOpenShards: v.optional(integer(1, 'shards')),
  maxFallbackAttempts: v.optional(integer(0, 'manifests'), 3),
  maxValueBytes: maxValueBytesSchema,
  shardUrls: v.optional(
    v.picklist(['below', 'any', 'rebase'], 'must be below, any or rebase'),
    'below',
  ),
  ...catalogEntries,
  ...engineEntries,
}

export const sessionOptionsSchema = v.strictObject(sessionEntries)

export const snapshotReaderOptionsSchema = v.strictObject({
  keys: v.optional(v.picklist(['bytes', 'decoded'], 'must be bytes or decoded'), 'bytes'),
  valueEncoding: valueEncodingSchema,
  valueCacheBytes: v.optional(integer(0, 'bytes'), 16 * MIB),
  concurrency: v.optional(integer(1, 'shards'), 32),
  iteratorChunkSize: v.optional(integer(1, 'entries'), 1024),
  rateLimit: v.optional(v.strictObject({ keysPerSecond: positive('keys per second') })),
  ...sessionEntries,
})

/** Per-call options of calls that can only be aborted. */
export interface SignalOption {
  signal?: AbortSignal | undefined
}

/** Per-call options of point lookups. */
export interface ReadOptions extends SignalOption {
  /** Column values for snapshots sharded by a CEL expression over other columns than the key. */
  context?: RoutingContext | undefined
}

/**
 * Checks the options of one call by hand: a schema would cost more than the lookup it is for.
 *
 * Errors: SHARD_INVALID_OPTION naming the first option that is unknown, or a signal that is none.
 */
export function checkCallOptions(
  options: object | undefined,
  known: readonly string[],
  where: string,
): void {
  if (options === undefined) return
  let problem: string | undefined
  if (typeof options !== 'object' || options === null) {
    problem = `options must be an object, got ${describeValue(options)}`
  } else {
    const unknown = Object.keys(options).find((name) => !known.includes(name))
    const { signal } = options as SignalOption
    if (unknown !== undefined) problem = `unknown option "${unknown}"`
    else if (signal !== undefined && !(signal instanceof AbortSignal))
      problem = `signal must be an AbortSignal, got ${describeValue(signal)}`
  }
  if (problem === undefined) return
  throw new ShardyfusionError('SHARD_INVALID_OPTION', `${where}: ${problem}`, {
    details: { peer: 'ConfigValidationError', problems: [problem] },
  })
}

export interface ScanOptions {
  /** Entries fetched at a time; by default the reader's `iteratorChunkSize`. */
  chunkSize?: number | undefined
  /** Entries yielded at most. */
  limit?: number | undefined
  /** Descending key order. */
  reverse?: boolean | undefined
  signal?: AbortSignal | undefined
}

export interface SnapshotScanOptions extends ScanOptions {
  /** Merged in key order over all shards (default); false streams shard after shard, which is faster. */
  ordered?: boolean | undefined
}

const scanEntries = {
  chunkSize: v.optional(integer(1, 'entries')),
  limit: v.optional(integer(0, 'entries')),
  reverse: v.optional(v.boolean('must be true or false'), false),
  signal: v.optional(signalSchema),
}
export const scanOptionsSchema = v.strictObject(scanEntries)
export const snapshotScanOptionsSchema = v.strictObject({
  ...scanEntries,
  ordered: v.optional(v.boolean('must be true or false'), true),
})

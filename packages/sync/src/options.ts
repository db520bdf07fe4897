import * as v from 'valibot'
import type {
  Catalog,
  CatalogOption,
  ObjectStore,
  Origin,
  StorageOptions,
} from '@shardyfusion/core/extend'
import type {
  RoutingContext,
  ScanOptions,
  ShardReaderOptions,
  ShardWriterOptions,
  SnapshotReaderOptions,
  SnapshotScanOptions,
  SnapshotUpdaterOptions,
  SnapshotWriterOptions,
} from '@shardyfusion/core'
import {
  checkCallOptions,
  describeValue,
  integer,
  parseOptions,
  registeredOrigins,
  requireCatalog,
  requireCatalogOrigin,
  requireEngine,
  requireEngineOrigin,
  isPlainObject,
  isValueCodec,
  requireStoreOrigin,
  ShardyfusionError,
  StoredValues,
} from '@shardyfusion/core/internal'
import { LISTENER_NAMES, type ListenerName } from './protocol/streams.js'
import type { WireOptions } from './protocol/wire-options.js'

/** The options of this package, in addition to those of core. */
export interface BridgeOptions {
  /** Bound on each call, in milliseconds; none by default, since core bounds its own requests. */
  timeoutMs?: number | undefined
  /** Bytes of a scan or of a build under way between the two threads; 512 KiB by default. */
  bufferBytes?: number | undefined
  /** Where the worker's script is, for bundles: an entry that imports `@shardyfusion/sync/worker`. */
  workerUrl?: string | URL | undefined
}

/** Options of core; a custom engine, store or catalog needs an origin, from which the worker makes the same one. */
export type SyncOptions<O extends StorageOptions> = Omit<
  O,
  'workerUrl' | 'catalog' | 'autoRefresh'
> &
  BridgeOptions &
  (O extends CatalogOption ? SyncCatalogOption : unknown)

/** The option `catalog` for callers that cannot await the function that makes one. */
export interface SyncCatalogOption {
  /**
   * A catalog with an origin, or `{ origin }` alone: the worker makes it. By default objects below
   * the prefix.
   */
  catalog?: Catalog | { readonly origin: Origin } | undefined
}

/** Options of a `ShardReaderSync`. */
export type ShardReaderSyncOptions = SyncOptions<ShardReaderOptions>
/** Options of a `ShardWriterSync`. */
export type ShardWriterSyncOptions = SyncOptions<ShardWriterOptions>
/** Options of a `SnapshotReaderSync`. */
export type SnapshotReaderSyncOptions = SyncOptions<SnapshotReaderOptions>
/** Options of a `SnapshotWriterSync`. */
export type SnapshotWriterSyncOptions = SyncOptions<SnapshotWriterOptions>
/** Options of a `SnapshotUpdaterSync`. */
export type SnapshotUpdaterSyncOptions = SyncOptions<SnapshotUpdaterOptions>

/** Options of one call. */
export interface CallOptions {
  /** Bound on this call, in milliseconds; by default that of the object. */
  timeoutMs?: number | undefined
  /** Honoured before the call, and while callbacks run in it: nothing else can abort a thread that waits. */
  signal?: AbortSignal | undefined
}

export interface ReadCallOptions extends CallOptions {
  /** Column values for snapshots sharded by a CEL expression over columns other than the key. */
  context?: RoutingContext | undefined
}

/** Options of a scan of one shard. */
export type ScanCallOptions = ScanOptions & CallOptions
/** Options of a scan of a snapshot. */
export type SnapshotScanCallOptions = SnapshotScanOptions & CallOptions

const DEFAULT_BUFFER_BYTES = 512 * 1024

const bridgeSchema = v.strictObject({
  timeoutMs: v.optional(integer(1, 'milliseconds')),
  bufferBytes: v.optional(integer(1, 'bytes'), DEFAULT_BUFFER_BYTES),
  workerUrl: v.optional(
    v.pipe(
      v.union([v.custom<URL>(isUrl), v.string()], 'must be a file: URL'),
      v.check((url) => URL.canParse(String(url)), 'must be a file: URL'),
      v.transform((url) => new URL(url)),
    ),
  ),
})

export type ParsedBridgeOptions = v.InferOutput<typeof bridgeSchema>

/** Callbacks of the caller; they run in its thread, while it waits. */
export type Listeners = Partial<Record<ListenerName, (value: unknown) => void>>

/** Options split into ours, those of this thread, and those for core in the worker, which checks them. */
export interface SplitOptions<O> {
  readonly bridge: ParsedBridgeOptions
  readonly signal: AbortSignal | undefined
  /** Callbacks, by name. */
  readonly listeners: Listeners
  readonly wire: WireOptions<O>
}

/** Errors: SHARD_INVALID_OPTION, also for what cannot cross to the worker, by name. */
export function splitOptions<O extends StorageOptions>(
  options: SyncOptions<O>,
  where: string,
): SplitOptions<O> {
  // The schema reports values that are not objects.
  if (typeof options !== 'object' || options === null) parseOptions(bridgeSchema, options, where)
  const given: Partial<SyncOptions<SnapshotWriterOptions>> = options ?? {}
  const { timeoutMs, bufferBytes, workerUrl, signal, ...rest } = given
  const bridge = parseOptions(bridgeSchema, { timeoutMs, bufferBytes, workerUrl }, where)
  checkCallOptions({ signal }, ['signal'], where)
  if ('autoRefresh' in rest && rest['autoRefresh'] !== undefined) {
    // The cache of values in this thread would not follow the worker.
    throw invalidOption(
      `${where}: autoRefresh is not an option here, because this thread waits while nothing is called; ` +
        'call refresh() between two lookups',
    )
  }
  const { listeners, wire } = takeListeners(rest, where)
  replaceParts(wire, where)
  const engines = registeredOrigins()
  if (engines.length > 0) wire['engines'] = engines
  // Values are encoded and decoded in this thread; only bytes cross, and the names of formats.
  if (isValueCodec(wire['values'])) wire['values'] = { ...StoredValues.of(wire['values']) }
  delete wire['schema']
  requirePlain(wire, '', where)
  // The worker's script serves the threads of a parallel build, too.
  if (bridge.workerUrl !== undefined && 'workers' in wire) wire['workerUrl'] = bridge.workerUrl.href
  return { bridge, signal, listeners, wire: wire as unknown as WireOptions<O> }
}

function takeListeners(
  options: object,
  where: string,
): { listeners: Listeners; wire: Record<string, unknown> } {
  const wire: Record<string, unknown> = { ...options }
  const listeners: Record<string, unknown> = {}
  for (const name of LISTENER_NAMES) {
    const listener = wire[name]
    delete wire[name]
    if (listener === undefined) continue
    if (typeof listener !== 'function') {
      throw invalidOption(`${where}: ${name} must be a function, got ${describeValue(listener)}`)
    }
    listeners[name] = listener
  }
  return { listeners, wire }
}

const NEEDED = 'this package works in a worker thread, and needs it'

/** Puts origins in place of objects: those with methods cannot cross threads. */
function replaceParts(wire: Record<string, unknown>, where: string): void {
  const { engine, objects, catalog } = wire
  if (engine !== undefined && typeof engine !== 'string')
    wire['engine'] = requireEngineOrigin(requireEngine(engine, where), NEEDED, where)
  if (objects !== undefined) {
    if (typeof (objects as ObjectStore | null)?.listPrefixes !== 'function')
      throw invalidOption(
        `${where}: objects must be an object store, got ${describeValue(objects)}`,
      )
    wire['objects'] = requireStoreOrigin(objects as ObjectStore, NEEDED, where)
  }
  if (catalog !== undefined) {
    const given = isDescribed(catalog) ? catalog : requireCatalog(catalog, `${where}: catalog`)
    wire['catalog'] = requireCatalogOrigin(given as Catalog, NEEDED, where)
  }
}

/** Returns true for an origin without a catalog of this thread. */
function isDescribed(catalog: unknown): boolean {
  return (
    typeof catalog === 'object' && catalog !== null && 'origin' in catalog && !('runs' in catalog)
  )
}

/** Refuses functions, and makes URLs text: neither can be cloned. */
function requirePlain(value: object, path: string, where: string): void {
  for (const [name, inner] of Object.entries(value)) {
    const at = path === '' ? name : `${path}.${name}`
    if (typeof inner === 'function' || typeof inner === 'symbol') {
      throw invalidOption(
        `${where}: ${at} must be plain data, got ${describeValue(inner)}; functions cannot cross to the worker thread`,
      )
    }
    if (isUrl(inner)) (value as Record<string, unknown>)[name] = inner.href
    else if (Array.isArray(inner) || isPlainObject(inner)) requirePlain(inner, at, where)
  }
}

/** The `URL` class of a `vm` context, as in Jest, differs from Node's. */
function isUrl(value: unknown): value is URL {
  return Object.prototype.toString.call(value) === '[object URL]'
}

function invalidOption(message: string): ShardyfusionError {
  return new ShardyfusionError('SHARD_INVALID_OPTION', message, {
    details: { peer: 'ConfigValidationError' },
  })
}

/** Checks the options of one call. */
export function checkCall(
  options: CallOptions | undefined,
  known: readonly string[],
  where: string,
): void {
  if (options === undefined) return
  checkCallOptions(options, known, where)
  const { timeoutMs } = options
  if (timeoutMs === undefined || (Number.isSafeInteger(timeoutMs) && timeoutMs > 0)) return
  throw invalidOption(
    `${where}: timeoutMs must be an integer of 1 or more (milliseconds), got ${describeValue(timeoutMs)}`,
  )
}

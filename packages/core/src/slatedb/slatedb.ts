import * as v from 'valibot'
import { parseOptions } from '../options/parse-options.js'
import { integer } from '../options/scalars.js'
import { CORE_MODULE, withOrigin } from '../async/origin.js'
import { MAX_VALUE_BYTES } from '../text/value-limits.js'
import type { EngineFeatures, EngineLimits, EngineShard, ShardEngine } from '../engine/engine.js'
import { SLATEDB_LIMITS } from './slatedb-limits.js'
import { checkSlateDbSettings, type SlateDbSettings } from './slatedb-settings.js'
import type * as NativeEngine from './native/native-engine.js'
import type * as WasmEngine from './wasm/wasm-engine.js'

/** Options of `slatedb()`. */
export interface SlateDbOptions {
  /**
   * `'wasm'` is SlateDB in WebAssembly, `'native'` the official binding `@slatedb/uniffi` (an
   * optional peer dependency). `'auto'`, the default, is the first of the two that loads.
   */
  runtime?: 'auto' | 'wasm' | 'native' | undefined
  /** Settings for writing shards, such as `{ compression: 'zstd' }`. */
  settings?: SlateDbSettings | undefined
  /**
   * Bytes of blocks, filters and indexes that all readers of a thread keep in memory, in
   * WebAssembly; by default a sixteenth of the memory of the container or machine, from 64 MiB to
   * 1 GiB.
   */
  cacheBytes?: number | undefined
}

const schema = v.strictObject({
  runtime: v.optional(
    v.picklist(['auto', 'wasm', 'native'], "must be 'auto', 'wasm' or 'native'"),
    'auto',
  ),
  // Checked below, so that messages name the field.
  settings: v.optional(v.any() as v.GenericSchema<SlateDbSettings>),
  cacheBytes: v.optional(integer(0, 'bytes', 2 ** 31)),
})

type Runtime = 'wasm' | 'native'

const FEATURES: Readonly<Record<Runtime, EngineFeatures>> = {
  wasm: {
    io: 'objects',
    peek: true,
    listsShards: true,
    copiesChunks: true,
    interruptible: true,
  },
  native: { io: 'environment', incrementalFlush: true, copiesChunks: true },
}

/**
 * A reader takes about 50 KB in WebAssembly, where blocks share one cache (measured); natively,
 * hundreds of MB.
 */
const MAX_OPEN_READERS: Readonly<Record<Runtime, number | undefined>> = {
  wasm: 256,
  native: undefined,
}

/** WebAssembly has 4 GiB of memory, and storing a value takes several copies of it. */
const LIMITS: Readonly<Record<Runtime, EngineLimits>> = {
  wasm: { ...SLATEDB_LIMITS, maxValueBytes: MAX_VALUE_BYTES },
  native: SLATEDB_LIMITS,
}

/** The options without the runtime. */
type Configuration = Omit<SlateDbOptions, 'runtime'>

/** Engines whose runtime is chosen at first use, with their settings. */
const undecided = new WeakMap<ShardEngine, Configuration>()

/**
 * Creates SlateDB, the default engine: a shard is one SlateDB database.
 *
 * Errors: SHARD_INVALID_OPTION for bad settings.
 *
 * @example
 * const engine = slatedb({ settings: { compression: 'zstd' } })
 * await writeSnapshot(rows, { prefix, sharding, engine })
 */
export function slatedb(options: SlateDbOptions = {}): ShardEngine {
  const { runtime, ...configuration } = parseOptions(schema, options, 'slatedb')
  checkSlateDbSettings(configuration.settings, 'slatedb')
  if (runtime !== 'auto') return slatedbOn(runtime, configuration)
  const engine = slatedbOn(!('WebAssembly' in globalThis) ? 'native' : 'wasm', configuration)
  undecided.set(engine, configuration)
  return engine
}

/**
 * Chooses a runtime that loads if the engine is `'auto'`; returns any other engine unchanged.
 *
 * WebAssembly comes first: it reads several times faster, never writes while it reads, and cannot
 * crash the process. Errors: SHARD_ENGINE if neither loads.
 */
export async function settleRuntime(engine: ShardEngine): Promise<ShardEngine> {
  if (!undecided.has(engine) || engine.name === 'native') return engine
  try {
    const { loadPackage } = await import('./wasm/load-package.js')
    await loadPackage()
    return engine
  } catch (error) {
    try {
      const { requireBinding } = await import('#node/slatedb/native/native-engine')
      await requireBinding()
      return slatedbOn('native', undecided.get(engine) ?? {})
    } catch {
      // Report why the installed engine failed; that is the problem the user can fix.
      throw error
    }
  }
}

function slatedbOn(runtime: Runtime, { settings, cacheBytes }: Configuration): ShardEngine {
  const load = RUNTIMES[runtime]
  const engine: ShardEngine = {
    name: runtime,
    format: 'slatedb',
    supports: FEATURES[runtime],
    limits: LIMITS[runtime],
    maxOpenReaders: MAX_OPEN_READERS[runtime],
    ...(runtime === 'wasm' && { prepare: prepareWasm }),
    recognizes,
    openWriter: async (o) => (await load()).openWriter(o, settings),
    openReader: async (o) => (await load()).openReader(o, cacheBytes),
    ...(runtime === 'wasm' && {
      openUpdate: async (base, begin) => (await RUNTIMES.wasm()).openUpdate(base, begin, settings),
    }),
  }
  const origin = {
    module: CORE_MODULE,
    export: 'slatedb',
    options: { runtime, settings, ...(cacheBytes !== undefined && { cacheBytes }) },
  }
  return withOrigin(engine, origin)
}

let wasm: Promise<typeof WasmEngine> | undefined
let native: Promise<typeof NativeEngine> | undefined

/** Loaded once: an import takes longer than a shard from memory takes to open. */
const RUNTIMES = {
  wasm: () => (wasm ??= import('./wasm/wasm-engine.js')),
  native: () => (native ??= import('#node/slatedb/native/native-engine')),
}

function prepareWasm(): void {
  // The error surfaces when a shard is opened.
  RUNTIMES.wasm().then(
    ({ prepare }) => prepare(),
    () => {},
  )
}

/** A SlateDB database has at least one manifest. */
async function recognizes({ url, objects, signal }: EngineShard): Promise<boolean> {
  for await (const _ of objects.list(`${url}/manifest`, { signal })) return true
  return false
}

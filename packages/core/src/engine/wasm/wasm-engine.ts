import { ShardyfusionError } from '../../errors.js'
import { orTimeout } from '../../util/abort.js'
import { MAX_VALUE_BYTES } from '../../util/value-limits.js'
import type {
  EngineReader,
  EngineReaderOptions,
  EngineWriter,
  EngineWriterOptions,
  ShardEngine,
} from '../engine.js'
import { DEFAULT_OPEN_TIMEOUT_MS } from '../open-timeout.js'
import { SLATEDB_LIMITS } from '../slatedb-limits.js'
import { slateDbSettingPairs } from '../slatedb-settings.js'
import { newestManifest } from '../slatedb-seal.js'
import { loadPackage } from './load-package.js'
import { OwnObjects } from './own-objects.js'
import { SealedObjects } from './sealed-objects.js'
import { StoppingStore } from './stopping-store.js'
import { wasmError } from './wasm-error.js'
import { WasmReader } from './wasm-reader.js'
import { shardStore } from './wasm-store.js'
import { WasmWriter } from './wasm-writer.js'

type OpenOptions = EngineWriterOptions | EngineReaderOptions

// A table takes about eight times its size on storage while it is made: entries in memory, the next table
// filling beside it, and what the memory of WebAssembly, which never shrinks, loses between (measured on
// rows of 100 bytes).
const MEMORY_PER_TABLE_BYTE = 9
const MIN_TABLE_BYTES = 1024 * 1024
const MAX_TABLE_BYTES = 64 * 1024 * 1024
// A reader takes about 50 KB, and its blocks share one cache with all others (measured).
const MAX_OPEN_READERS = 256
// When SlateDB tries again to store a table, and finds out that its store has stopped; it looks at the manifest as often,
// which `OwnObjects` answers by itself.
const RETRY_INTERVAL = '10s'
const DEFAULT_MEMORY_BYTES = 64 * 1024 * 1024
// Enough for the filters and indexes of a shard of some 60 MiB; the first lookup in a larger one waits once more.
const PREFETCH_BYTES = 2 * 1024 * 1024

/**
 * SlateDB compiled to WebAssembly, from the package `slatedb-wasm`, doing its input and output through `objects`.
 *
 * It runs wherever JavaScript runs and writes nothing to a shard it reads.
 */
export function wasmEngine(): ShardEngine {
  return {
    name: 'wasm',
    // A value is held several times while it is stored, in a memory of 4 GiB.
    limits: { ...SLATEDB_LIMITS, maxValueBytes: MAX_VALUE_BYTES },
    usesObjects: true,
    maxOpenReaders: MAX_OPEN_READERS,
    prepare,
    openWriter,
    openReader,
    checkSettings,
  }
}

/** Compiling takes longer than a request to storage, and can go on beside it. */
function prepare(): void {
  loadPackage()
    .then(({ loadSlateDb }) => loadSlateDb())
    // Who opens a shard hears of it.
    .catch(() => {})
}

async function openWriter(o: EngineWriterOptions): Promise<EngineWriter> {
  const where = 'wasm engine: openWriter'
  const { SlateDbWriter } = await loadPackage()
  const own = new OwnObjects(shardStore(o.objects, o.url, where))
  const store = new StoppingStore(own)
  const tableBytes = Math.floor((o.memoryBytes ?? DEFAULT_MEMORY_BYTES) / MEMORY_PER_TABLE_BYTE)
  const l0SstSizeBytes = Math.min(MAX_TABLE_BYTES, Math.max(MIN_TABLE_BYTES, tableBytes))
  const pairs = slateDbSettingPairs(o.settings, where, { l0SstSizeBytes })
  const settings = {
    manifest_poll_interval: RETRY_INTERVAL,
    ...Object.fromEntries(pairs.map(([name, json]) => [name, JSON.parse(json) as unknown])),
  }
  const writer = await openBounded(SlateDbWriter.open({ store, settings }), where, o)
  return new WasmWriter(writer, o.url, o.objects!, { own, store })
}

async function openReader(o: EngineReaderOptions): Promise<EngineReader> {
  const where = 'wasm engine: openReader'
  const { SlateDbReader, packByteList, unpackByteList } = await loadPackage()
  const stored = shardStore(o.objects, o.url, where)
  const isSealed = o.seal !== undefined && newestManifest(Object.keys(o.seal.objects)) !== undefined
  const store = isSealed ? new SealedObjects(stored, o.seal!, o.url, where) : stored
  const opening = SlateDbReader.open({
    store,
    prefetchBytes: PREFETCH_BYTES,
    maxValueBytes: o.maxValueBytes,
  })
  const reader = await openBounded(opening, where, o)
  return new WasmReader(reader, o.url, { packByteList, unpackByteList })
}

function checkSettings(settings: unknown, where: string): void {
  slateDbSettingPairs(settings, where)
}

/** Waits for an open within its bound; what opens too late is closed again. */
function openBounded<T extends { close(): Promise<void> }>(
  opening: Promise<T>,
  where: string,
  { url, openTimeoutMs: timeoutMs = DEFAULT_OPEN_TIMEOUT_MS, signal }: OpenOptions,
): Promise<T> {
  const expired = (): Error =>
    new ShardyfusionError(
      'SHARD_TIMEOUT',
      `${where}: ${url} did not open within ${timeoutMs} ms; check that its storage answers, or raise openTimeoutMs`,
      { retryable: true, details: { peer: 'BridgeTimeoutError', url, timeoutMs } },
    )
  // Converted here and not outside, so that the caller's own abort reason stays as it is.
  const converted = opening.catch((error: unknown) => {
    throw wasmError(error, where, url)
  })
  return orTimeout(converted, { timeoutMs, expired, signal }, (late) => {
    late.close().catch(() => {})
  })
}

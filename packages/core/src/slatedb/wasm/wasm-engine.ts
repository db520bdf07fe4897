import { timeout } from '../../errors/error-factories.js'
import { orTimeout } from '../../async/abort.js'
import type {
  EngineReader,
  EngineReaderOptions,
  EngineWriter,
  EngineWriterOptions,
} from '../../engine/engine.js'
import { DEFAULT_OPEN_TIMEOUT_MS } from '../../engine/open-timeout.js'
import { type SlateDbSettings, slateDbSettingPairs } from '../slatedb-settings.js'
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

// Making a table takes about eight times its size on storage: entries in memory, the next table
// filling at the same time, and fragmentation of WebAssembly memory, which never shrinks (measured
// on rows of 100 bytes).
const MEMORY_PER_TABLE_BYTE = 9
const MIN_TABLE_BYTES = 1024 * 1024
const MAX_TABLE_BYTES = 64 * 1024 * 1024
// Interval at which SlateDB retries storing a table, and detects that its store has stopped. It
// checks the manifest at the same interval, which `OwnObjects` answers from memory.
const RETRY_INTERVAL = '10s'
const DEFAULT_MEMORY_BYTES = 64 * 1024 * 1024
// Enough for the filters and indexes of a shard of some 60 MiB; the first lookup in a larger shard
// waits once more.
const PREFETCH_BYTES = 2 * 1024 * 1024

/**
 * Starts to compile the module: that takes longer than a request to storage, and runs at the same
 * time.
 */
export function prepare(): void {
  loadPackage()
    .then(({ loadSlateDb }) => loadSlateDb())
    // The error surfaces when a shard is opened.
    .catch(() => {})
}

/** Opens a shard for writing with SlateDB in WebAssembly, which does its I/O through `objects`. */
export async function openWriter(
  o: EngineWriterOptions,
  given: SlateDbSettings | undefined,
): Promise<EngineWriter> {
  const where = 'wasm engine: openWriter'
  const { SlateDbWriter } = await loadPackage()
  const own = new OwnObjects(shardStore(o.objects, o.url, where))
  const store = new StoppingStore(own)
  const tableBytes = Math.floor((o.memoryBytes ?? DEFAULT_MEMORY_BYTES) / MEMORY_PER_TABLE_BYTE)
  const l0SstSizeBytes = Math.min(MAX_TABLE_BYTES, Math.max(MIN_TABLE_BYTES, tableBytes))
  const pairs = slateDbSettingPairs(given, where, { l0SstSizeBytes })
  const settings = {
    manifest_poll_interval: RETRY_INTERVAL,
    ...Object.fromEntries(pairs.map(([name, json]) => [name, JSON.parse(json) as unknown])),
  }
  const writer = await openBounded(SlateDbWriter.open({ store, settings }), where, o)
  return new WasmWriter(writer, o.url, o.objects!, { own, store })
}

/** Opens a shard for reading with the same engine; writes nothing to the shard. */
export async function openReader(o: EngineReaderOptions): Promise<EngineReader> {
  const where = 'wasm engine: openReader'
  const { SlateDbReader } = await loadPackage()
  const stored = shardStore(o.objects, o.url, where)
  const manifest = o.seal && newestManifest(Object.keys(o.seal.objects))
  const store =
    manifest === undefined ? stored : new SealedObjects(stored, o.seal!, manifest, o.url, where)
  const opening = SlateDbReader.open({
    store,
    prefetchBytes: PREFETCH_BYTES,
    maxValueBytes: o.maxValueBytes,
  })
  const reader = await openBounded(opening, where, o)
  return new WasmReader(reader, o.url)
}

/** Waits for an open within its bound; closes what opens too late. */
function openBounded<T extends { close(): Promise<void> }>(
  opening: Promise<T>,
  where: string,
  { url, openTimeoutMs: timeoutMs = DEFAULT_OPEN_TIMEOUT_MS, signal }: OpenOptions,
): Promise<T> {
  const expired = (): Error =>
    timeout(
      where,
      `${url} did not open within ${timeoutMs} ms; check that its storage answers, or raise openTimeoutMs`,
      { details: { url, timeoutMs } },
    )
  // Convert here, not outside, so that the caller's own abort reason stays unchanged.
  const converted = opening.catch((error: unknown) => {
    throw wasmError(error, where, url)
  })
  return orTimeout(converted, { timeoutMs, expired, signal }, (late) => {
    late.close().catch(() => {})
  })
}

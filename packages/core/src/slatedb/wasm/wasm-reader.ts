import type { Scan, ScanOptions, SlateDbReader } from 'slatedb-wasm'
import { EntryChunk } from '../../chunk/entry-chunk.js'
import { busy } from '../../errors/error-factories.js'
import type { ByteRange } from '../../types.js'
import { compareBytes } from '../../text/bytes.js'
import { closeOnce } from '../../async/close-once.js'
import { yieldIfDue } from '../../async/yield-if-due.js'
import type { EngineReader, EngineScan, EngineScanOptions } from '../../engine/engine.js'
import { SLATEDB_LIMITS } from '../slatedb-limits.js'
import { wasmError } from './wasm-error.js'

// Above this, more parallel requests gain more than larger ones.
const MANY_REQUESTS_BYTES = 12 * 1024 * 1024
const NO_BYTES = new Uint8Array(0)

/** Reads one sealed shard; a batch of keys or a chunk of entries is one call into the engine. */
export class WasmReader implements EngineReader {
  readonly #reader: SlateDbReader
  readonly #url: string
  readonly #scans = new Set<WasmScan>()
  readonly close: () => Promise<void>

  constructor(reader: SlateDbReader, url: string) {
    this.#reader = reader
    this.#url = url
    this.close = closeOnce(async () => {
      try {
        for (const scan of this.#scans) await scan.close()
        await this.#reader.close()
      } catch (error) {
        throw wasmError(error, 'wasm engine: close', this.#url)
      }
    })
  }

  async getMany(keys: readonly Uint8Array[]): Promise<(Uint8Array | undefined)[]> {
    if (keys.every(canBeStored)) return this.#getMany(keys)
    // The engine refuses keys that it could not store; such keys do not exist.
    const found = (await this.#getMany(keys.filter(canBeStored))).values()
    return keys.map((key) => (canBeStored(key) ? found.next().value : undefined))
  }

  async #getMany(keys: readonly Uint8Array[]): Promise<(Uint8Array | undefined)[]> {
    const turn = yieldIfDue()
    if (turn !== undefined) await turn
    try {
      return await this.#reader.getMany(keys)
    } catch (error) {
      throw wasmError(error, 'wasm engine: getMany', this.#url)
    }
  }

  peek(key: Uint8Array): Uint8Array | undefined | null {
    if (!canBeStored(key)) return undefined
    try {
      return this.#reader.peek(key)
    } catch (error) {
      throw wasmError(error, 'wasm engine: peek', this.#url)
    }
  }

  peekMany(keys: readonly Uint8Array[]): (Uint8Array | undefined)[] | null {
    if (!keys.every(canBeStored)) return null
    try {
      return this.#reader.peekMany(keys)
    } catch (error) {
      throw wasmError(error, 'wasm engine: peekMany', this.#url)
    }
  }

  peekPacked(
    keys: Uint8Array,
    keyBytes: number,
    values: (Uint8Array | undefined)[],
    positions: Int32Array,
  ): boolean {
    try {
      return this.#reader.peekKeys(keys, keyBytes, values, positions)
    } catch (error) {
      throw wasmError(error, 'wasm engine: peekPacked', this.#url)
    }
  }

  /** Returns the database if an update can take over its blocks. */
  updatable(): SlateDbReader | undefined {
    try {
      return this.#reader.canBeUpdated ? this.#reader : undefined
    } catch (error) {
      throw wasmError(error, 'wasm engine: openUpdate', this.#url)
    }
  }

  scan(range: ByteRange, options: EngineScanOptions = {}): EngineScan {
    const scan: WasmScan = new WasmScan(this.#url, () => {
      this.#scans.delete(scan)
    })
    const { start, end } = range
    // The engine refuses empty ranges.
    const empty = end !== undefined && compareBytes(start ?? NO_BYTES, end) >= 0
    if (!empty) this.#begin(scan, range, options)
    this.#scans.add(scan)
    return scan
  }

  #begin(scan: WasmScan, range: ByteRange, options: EngineScanOptions): void {
    try {
      scan.begin(this.#reader.scan(range, scanOptions(options)))
    } catch (error) {
      throw wasmError(error, 'wasm engine: scan', this.#url)
    }
  }
}

// The scan reads from one request while the others are in flight. Few large requests cost less than
// many small ones, so only a large read-ahead is divided further.
function scanOptions({ reverse, readAheadBytes, keepInMemory }: EngineScanOptions): ScanOptions {
  const keepBlocks = keepInMemory
  if (readAheadBytes === undefined) return { reverse, keepBlocks }
  const fetchTasks = readAheadBytes >= MANY_REQUESTS_BYTES ? 3 : 1
  const requestBytes = Math.floor(readAheadBytes / (fetchTasks + 1))
  return { reverse, keepBlocks, fetchTasks, readAheadBytes: requestBytes }
}

function canBeStored(key: Uint8Array): boolean {
  return key.length >= SLATEDB_LIMITS.minKeyBytes && key.length <= SLATEDB_LIMITS.maxKeyBytes
}

class WasmScan implements EngineScan {
  readonly #url: string
  #scan: Scan | undefined
  #running: Promise<unknown> | undefined
  readonly close: () => Promise<void>

  constructor(url: string, onClose: () => void) {
    this.#url = url
    this.close = closeOnce(async () => {
      const scan = this.#scan
      this.#scan = undefined
      await this.#running?.catch(() => {})
      scan?.close()
      onClose()
    })
  }

  begin(scan: Scan): void {
    this.#scan = scan
  }

  async nextChunk(maxEntries: number): Promise<EntryChunk | undefined> {
    if (this.#running !== undefined) {
      throw busy('wasm engine', 'nextChunk: wait for the previous call first')
    }
    const scan = this.#scan
    if (scan === undefined) return undefined
    const running = this.#read(scan, maxEntries)
    this.#running = running
    try {
      return await running
    } finally {
      this.#running = undefined
    }
  }

  async #read(scan: Scan, maxEntries: number): Promise<EntryChunk | undefined> {
    const turn = yieldIfDue()
    if (turn !== undefined) await turn
    try {
      const packed = await scan.nextPacked(maxEntries)
      if (packed !== undefined) return EntryChunk.fromBuffer(packed.buffer)
      this.#scan = undefined
      scan.close()
      return undefined
    } catch (error) {
      throw wasmError(error, 'wasm engine: scan', this.#url)
    }
  }
}

import type { DbReader } from '@slatedb/uniffi'
import type { ByteRange } from '../../types.js'
import { closeOnce, runAll } from '../../async/close-once.js'
import { yieldIfDue } from '../../async/yield-if-due.js'
import { watch } from '../../async/watchdog.js'
import { checkValueBytes } from '../../engine/check-value-bytes.js'
import type { EngineReader, EngineScan, EngineScanOptions } from '../../engine/engine.js'
import { SLATEDB_LIMITS } from '../slatedb-limits.js'
import type { Binding } from './binding.js'
import { nativeCall } from './native-calls.js'
import { nativeError, nativeTimeout, READ_TIMEOUT_MS } from './native-error.js'
import { NativeScan } from './native-scan.js'

// Overlapping gets hide the engine's thread hand-offs; beyond this, queueing costs more than it
// gains (measured).
const CONCURRENT_GETS = 64

/** Reads one sealed shard through the binding. */
export class NativeReader implements EngineReader {
  readonly #binding: Binding
  readonly #reader: DbReader
  readonly #url: string
  readonly #maxValueBytes: number
  readonly #scans = new Set<NativeScan>()
  readonly close: () => Promise<void>

  constructor(
    binding: Binding,
    reader: DbReader,
    url: string,
    maxValueBytes = SLATEDB_LIMITS.maxValueBytes,
  ) {
    this.#binding = binding
    this.#reader = reader
    this.#url = url
    this.#maxValueBytes = maxValueBytes
    this.close = closeOnce(() => this.#close())
  }

  async getMany(keys: readonly Uint8Array[]): Promise<(Uint8Array | undefined)[]> {
    try {
      if (keys.length === 1) return [await this.#get(keys[0]!)]
      const values: (Uint8Array | undefined)[] = Array.from({ length: keys.length })
      const failures: unknown[] = []
      let next = 0
      const lane = async (): Promise<void> => {
        while (next < keys.length && failures.length === 0) {
          const i = next++
          try {
            values[i] = await this.#get(keys[i]!)
          } catch (error) {
            failures.push(error)
          }
        }
      }
      // Wait for all, even after a failure: the reader may be freed as soon as this call ends.
      await Promise.all(Array.from({ length: Math.min(CONCURRENT_GETS, keys.length) }, lane))
      if (failures.length > 0) throw failures[0]
      return values
    } catch (error) {
      throw nativeError(error, 'native engine: getMany', this.#url)
    }
  }

  scan(range: ByteRange, options: EngineScanOptions = {}): EngineScan {
    const scan: NativeScan = new NativeScan(
      this.#binding,
      this.#reader,
      this.#url,
      range,
      { reverse: options.reverse ?? false, maxValueBytes: this.#maxValueBytes },
      () => this.#scans.delete(scan),
    )
    this.#scans.add(scan)
    return scan
  }

  async #get(key: Uint8Array): Promise<Uint8Array | undefined> {
    // The engine refuses keys that it could not store; such keys do not exist.
    if (key.length < SLATEDB_LIMITS.minKeyBytes || key.length > SLATEDB_LIMITS.maxKeyBytes)
      return undefined
    return nativeCall(async () => {
      const turn = yieldIfDue()
      if (turn !== undefined) await turn
      const value = await this.#bounded('get', this.#reader.get(key))
      checkValueBytes(value, this.#maxValueBytes, 'native engine: getMany', this.#url)
      return value
    })
  }

  async #close(): Promise<void> {
    await runAll(
      [
        ...[...this.#scans].map((scan) => () => scan.close()),
        () => nativeCall(() => this.#bounded('close', this.#shutdown())),
        () => this.#reader.dispose(),
      ],
      'native engine: close',
    ).catch((error: unknown) => {
      throw nativeError(error, 'native engine: close', this.#url)
    })
  }

  #shutdown(): Promise<void> {
    return this.#reader[this.#binding.features.close as 'shutdown']()
  }

  #bounded<T>(what: string, call: Promise<T>): Promise<T> {
    const where = `native engine: ${what}`
    return watch(call, READ_TIMEOUT_MS, () => nativeTimeout(where, this.#url, READ_TIMEOUT_MS))
  }
}

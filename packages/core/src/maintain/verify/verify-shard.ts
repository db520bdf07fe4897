// Long because one pass over a shard checks order, counts, routing and lookups together.

import type { EntryChunk } from '../../chunk/entry-chunk.js'
import type { EngineReader } from '../../engine/engine.js'
import { isShardyfusionError } from '../../errors.js'
import { decodeKey, isIntegerEncoding } from '../../keys/stored-bytes.js'
import type { ManifestShard } from '../../snapshot/manifest/manifest.js'
import { readSeal } from '../../snapshot/manifest/read-seal.js'
import type { KeyEncoding } from '../../types.js'
import { orAbort, throwIfAborted } from '../../async/abort.js'
import { compareBytes } from '../../text/bytes.js'
import { yieldIfDue } from '../../async/yield-if-due.js'
import { checkVectors } from './check-vectors.js'
import type { VectorFields } from '../../snapshot/vector-fields.js'
import type { KeyRouting } from './key-routing.js'
import { ShardFindings } from './shard-findings.js'
import type { VerifiedShard, VerifyFinding } from './verify-types.js'
import { isError } from '../../errors/is-error.js'

/** Entries fetched at a time; only one chunk is in memory. */
const CHUNK_ENTRIES = 4096
/** Maximum number of keys of each shard that are also looked up: one of each chunk. */
const MAX_LOOKUPS = 64
/** Larger values are not held for comparison. */
const MAX_LOOKUP_VALUE_BYTES = 64 * 1024

export interface VerifyShardOptions {
  readonly keyEncoding: KeyEncoding
  /** `undefined` if the shards of keys cannot be checked. */
  readonly routing: KeyRouting | undefined
  /** The vectors of the snapshot, if it has some. */
  readonly vectors: VectorFields | undefined
  /** Rows to read from both ends together; omit for all. */
  readonly rows: number | undefined
  readonly signal: AbortSignal | undefined
  /** Checks the objects of the shard before its rows are read; see `checkObjects`. */
  readonly checkObjects: (shard: ManifestShard, findings: ShardFindings) => Promise<void>
  /** Called after every chunk. */
  readonly onChunk: (keys: number, bytes: number) => void
}

/** Checks one shard; every problem with it is a finding, not an error. */
export async function verifyShard(
  shard: ManifestShard,
  open: () => Promise<EngineReader>,
  options: VerifyShardOptions,
): Promise<{ result: VerifiedShard; findings: VerifyFinding[] }> {
  const check = new ShardCheck(shard, options)
  // Readers refuse manifests with a row count but no URL.
  if (shard.url === undefined) return check.done()
  let reader: EngineReader | undefined
  try {
    await check.checkObjects()
    reader = await open()
    await check.run(reader)
  } catch (error) {
    throwIfAborted(options.signal)
    check.noteFailure(error)
  } finally {
    // If a shard can be read but does not close cleanly, the shard is fine.
    await reader?.close().catch(() => {})
  }
  return check.done()
}

class ShardCheck {
  readonly #shard: ManifestShard
  readonly #options: VerifyShardOptions
  readonly #findings: ShardFindings
  readonly #samples: (readonly [key: Uint8Array, value: Uint8Array])[] = []
  #keys = 0
  #bytes = 0
  #lookups = 0
  #complete = false
  #vectors: number | undefined

  constructor(shard: ManifestShard, options: VerifyShardOptions) {
    this.#shard = shard
    this.#options = options
    this.#findings = new ShardFindings(shard.id)
  }

  checkObjects(): Promise<void> {
    return this.#options.checkObjects(this.#shard, this.#findings)
  }

  async run(reader: EngineReader): Promise<void> {
    const { rows } = this.#options
    const ascending = await this.#scan(
      reader,
      false,
      rows === undefined ? Infinity : Math.ceil(rows / 2),
    )
    if (ascending.ended) {
      this.#complete = true
      await this.#checkFormat(reader)
      this.#checkRange(ascending.first, ascending.last)
      this.#checkCount()
    } else {
      const descending = await this.#scan(reader, true, Math.max(1, Math.floor(rows! / 2)))
      this.#checkRange(ascending.first, descending.first)
    }
    await this.#lookUp(reader)
    if (this.#options.vectors !== undefined)
      this.#vectors = await checkVectors(reader, this.#shard, this.#options, this.#findings)
  }

  /** Reports what a scan does not see, such as pages that are used twice. */
  async #checkFormat(reader: EngineReader): Promise<void> {
    const verifying = reader.verify?.()
    if (verifying === undefined) return
    for (const problem of await orAbort(verifying, this.#options.signal))
      this.#findings.add('damaged', () => problem)
  }

  noteFailure(error: unknown): void {
    const isMissing = isShardyfusionError(error) && error.code === 'SHARD_NOT_FOUND'
    const isDamage = isShardyfusionError(error) && error.details['damaged'] === true
    // The check of its objects has already reported this.
    if (isDamage && this.#findings.has('damaged')) return
    const reason = isError(error) ? error.message : String(error)
    const after = this.#keys > 0 ? ` after ${this.#keys} keys` : ''
    this.#findings.add(
      isMissing ? 'missing' : isDamage ? 'damaged' : 'unreadable',
      () => `it cannot be read${after}: ${reason}`,
      undefined,
      'error',
      error,
    )
  }

  done(): { result: VerifiedShard; findings: VerifyFinding[] } {
    const { id, url, rowCount } = this.#shard
    const findings = this.#findings.list()
    const isBad = findings.some(({ severity }) => severity === 'error')
    const status = isBad ? 'bad' : url === undefined ? 'empty' : 'ok'
    const isKeyed = this.#options.vectors?.unified !== false
    const overwritten = this.#complete && isKeyed ? Math.max(0, rowCount - this.#keys) : undefined
    const [keys, bytes, lookups] = [this.#keys, this.#bytes, this.#lookups]
    const result = { id, url, status, keys, bytes, rowCount, overwritten, lookups } as const
    return { result: { ...result, vectors: this.#vectors }, findings }
  }

  async #scan(
    reader: EngineReader,
    reverse: boolean,
    limit: number,
  ): Promise<{ first: Uint8Array | undefined; last: Uint8Array | undefined; ended: boolean }> {
    const scan = reader.scan({}, { reverse })
    let first: Uint8Array | undefined
    let last: Uint8Array | undefined
    try {
      for (let left = limit; left > 0;) {
        throwIfAborted(this.#options.signal)
        const next = scan.nextChunk(Math.min(left, CHUNK_ENTRIES))
        const chunk = await orAbort(next, this.#options.signal)
        if (chunk === undefined) return { first, last, ended: !reverse }
        first ??= chunk.key(0)
        last = this.#checkChunk(chunk, last, reverse)
        left -= chunk.count
        this.#keys += chunk.count
        this.#bytes += chunk.byteLength
        this.#options.onChunk(chunk.count, chunk.byteLength)
        await yieldIfDue()
      }
      return { first, last, ended: false }
    } finally {
      await scan.close()
    }
  }

  /** Returns the last key, which the next chunk is compared with. */
  #checkChunk(chunk: EntryChunk, before: Uint8Array | undefined, reverse: boolean): Uint8Array {
    let previous = before
    for (let i = 0; i < chunk.count; i++) {
      const key = chunk.key(i)
      const order = previous === undefined ? -1 : compareBytes(previous, key)
      if (reverse ? previous !== undefined && order <= 0 : order >= 0) {
        this.#findings.add(
          'order',
          () => 'a key does not come after the one before it',
          () => this.#describe(key),
        )
      }
      this.#checkKey(key)
      previous = key
    }
    this.#sample(chunk)
    return previous!
  }

  #checkKey(key: Uint8Array): void {
    const { keyEncoding, routing } = this.#options
    const problem = keyProblem(key, keyEncoding)
    if (problem !== undefined) {
      // Text snapshots accept bytes as keys, too; readers return them as bytes.
      const severity = keyEncoding === 'utf8' ? 'warning' : 'error'
      this.#findings.add(
        'undecodable-key',
        () => problem,
        () => this.#describe(key),
        severity,
      )
      if (severity === 'error') return
    }
    const shard = routing?.route(key)
    if (shard === undefined || shard === this.#shard.id) return
    this.#findings.add(
      'wrong-shard',
      () =>
        typeof shard === 'number'
          ? `it contains a key that belongs to shard ${shard}`
          : `it contains a key that belongs to no shard: ${shard}`,
      () => this.#describe(key),
    )
  }

  #checkRange(smallest: Uint8Array | undefined, largest: Uint8Array | undefined): void {
    const { minKey, maxKey } = this.#shard
    for (const [what, key, expected] of [
      ['smallest', smallest, minKey],
      ['largest', largest, maxKey],
    ] as const) {
      if (key === undefined || expected === undefined) continue
      if (this.#isKey(key, expected)) continue
      this.#findings.add(
        'key-range',
        () =>
          `the ${what} key is ${this.#describe(key)}, by the manifest it is ${describeKey(expected)}`,
        () => this.#describe(key),
      )
    }
  }

  /** Compares with a key of the manifest, which stores bytes as text. */
  #isKey(stored: Uint8Array, key: bigint | string): boolean {
    const { keyEncoding } = this.#options
    if (typeof key === 'string') return compareBytes(stored, new TextEncoder().encode(key)) === 0
    if (!isIntegerEncoding(keyEncoding) || keyProblem(stored, keyEncoding) !== undefined)
      return false
    return decodeKey(stored, keyEncoding) === key
  }

  #checkCount(): void {
    const { rowCount } = this.#shard
    const keys = this.#keys
    const sealed = readSeal(this.#shard, 'verifySnapshot')?.keys
    if (sealed !== undefined && keys < sealed && keys > 0) {
      this.#findings.add(
        'lost-rows',
        () => `it contains ${keys} keys, but was sealed with ${sealed}`,
      )
    } else if (sealed !== undefined && keys > sealed) {
      this.#findings.add(
        'too-many-rows',
        () => `it contains ${keys} keys, but was sealed with ${sealed}`,
      )
      return
    }
    if (keys === 0 && rowCount > 0 && this.#options.vectors?.unified !== false)
      this.#findings.add(
        'no-rows',
        () => `the manifest counts ${rowCount} rows, but the shard has none`,
      )
    if (keys > rowCount)
      this.#findings.add(
        'too-many-rows',
        () => `it contains ${keys} keys, but ${rowCount} rows were written`,
      )
  }

  #sample(chunk: EntryChunk): void {
    if (this.#samples.length >= MAX_LOOKUPS) return
    const i = Math.floor(Math.random() * chunk.count)
    const value = chunk.value(i)
    // Copy, to release the chunk.
    if (value.length <= MAX_LOOKUP_VALUE_BYTES)
      this.#samples.push([chunk.key(i).slice(), value.slice()])
  }

  async #lookUp(reader: EngineReader): Promise<void> {
    if (this.#samples.length === 0) return
    const looking = reader.getMany(this.#samples.map(([key]) => key))
    const found = await orAbort(looking, this.#options.signal)
    this.#lookups = this.#samples.length
    for (const [i, [key, value]] of this.#samples.entries()) {
      const got = found[i]
      if (got !== undefined && compareBytes(got, value) === 0) continue
      const what = got === undefined ? 'is not found' : 'is found with another value'
      this.#findings.add(
        'lookup',
        () => `a key that was scanned ${what}`,
        () => this.#describe(key),
      )
    }
  }

  #describe(stored: Uint8Array): string {
    const { keyEncoding } = this.#options
    if (keyEncoding === 'raw' || keyProblem(stored, keyEncoding) !== undefined) return hexOf(stored)
    return describeKey(decodeKey(stored, keyEncoding) as bigint | string)
  }
}

const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

function keyProblem(stored: Uint8Array, encoding: KeyEncoding): string | undefined {
  if (encoding === 'raw') return undefined
  if (isIntegerEncoding(encoding)) {
    const width = encoding === 'u64be' ? 8 : 4
    if (stored.length === width) return undefined
    return `a ${encoding} key has ${width} bytes, but one here has ${stored.length}`
  }
  try {
    strictUtf8.decode(stored)
    return undefined
  } catch {
    return 'a key is not UTF-8, and can only be read as bytes'
  }
}

function describeKey(key: bigint | string): string {
  if (typeof key === 'bigint') return String(key)
  return JSON.stringify(key.length > 60 ? `${key.slice(0, 57)}…` : key)
}

function hexOf(bytes: Uint8Array): string {
  const hex = Array.from(bytes.subarray(0, 24), (byte) => byte.toString(16).padStart(2, '0')).join(
    '',
  )
  return `0x${hex}${bytes.length > 24 ? '…' : ''}`
}

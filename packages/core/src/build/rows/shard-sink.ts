import type { BufferPool } from '../../chunk/buffer-pool.js'
import { ChunkBuilder } from '../../chunk/chunk-builder.js'
import { EntryChunk } from '../../chunk/entry-chunk.js'
import type { VectorChunk } from '../../chunk/vector-chunk.js'
import { VectorChunkBuilder } from '../../chunk/vector-chunk-builder.js'
import type { EngineLimits, EngineWriter } from '../../engine/engine.js'
import type { ShardSeal } from '../../engine/shard-seal.js'
import { closed, invalidKey, invalidValue } from '../../errors/error-factories.js'
import type { BatchRoom } from './batch-room.js'
import { KeyBounds } from './key-bounds.js'
import type { VectorRow } from './vector-row.js'

export interface ShardSinkOptions {
  /** Opens the engine at the first batch: a shard without rows never exists. */
  readonly open: () => Promise<EngineWriter>
  readonly limits: EngineLimits | undefined
  /** Used buffers for batches, if the engine returns them or copies its batches. */
  readonly buffers?: BufferPool | undefined
  /** True if a batch is free again once it is written. */
  readonly copiesBatches?: boolean | undefined
  readonly maxBatchEntries: number
  readonly maxBatchBytes: number
  /** Bounds the batches that wait; without it, one waits while the next one fills. */
  readonly room?: BatchRoom | undefined
  /** Called with each batch, in order, before it is written. */
  readonly onBatch?: (chunk: EntryChunk | VectorChunk) => void
  /** Shares write slots with the other shards of a snapshot. */
  readonly schedule?: <T>(work: () => Promise<T>) => Promise<T>
}

/** The contents of one sealed shard. */
export interface ShardStats {
  /**
   * Rows written; an overwritten key counts once for each write. Vectors, if they have no rows.
   */
  readonly rowCount: number
  /** Bytes in storage; 0 if the engine does not know. */
  readonly bytes: number
  /** Smallest and largest stored key. */
  readonly minKey: Uint8Array | undefined
  /** Largest stored key; `undefined` for an empty shard. */
  readonly maxKey: Uint8Array | undefined
  /** The seal of the shard, if the engine reports one. */
  readonly seal?: ShardSeal | undefined
}

/**
 * Collects the encoded entries of one shard into batches and writes them to its engine, in order.
 *
 * At most one batch is being written while the next one fills; `push` returns a promise if the
 * caller must wait.
 */
export class ShardSink {
  readonly #options: ShardSinkOptions
  readonly #builder: ChunkBuilder
  #writer: EngineWriter | undefined
  #opening: Promise<EngineWriter> | undefined
  #tail: Promise<void> = Promise.resolve()
  #queued = 0
  #failure: { readonly error: unknown } | undefined
  #sealing: Promise<ShardStats> | undefined
  #rowCount = 0
  #vectorCount = 0
  #vectors: VectorChunkBuilder | undefined
  readonly #bounds = new KeyBounds()
  readonly #maxBatchEntries: number
  readonly #maxBatchBytes: number

  constructor(options: ShardSinkOptions) {
    this.#options = options
    this.#maxBatchEntries = options.maxBatchEntries
    this.#maxBatchBytes = options.maxBatchBytes
    this.#builder = new ChunkBuilder(
      Math.min(options.maxBatchEntries, 1024),
      16 * 1024,
      options.buffers,
    )
  }

  get rowCount(): number {
    return this.#rowCount
  }

  /** Bytes waiting for their batch to fill. */
  get bufferedBytes(): number {
    return this.#builder.bytes + (this.#vectors?.bytes ?? 0)
  }

  /** True once anything was pushed, so that a database exists or will exist. */
  get used(): boolean {
    return this.#rowCount > 0 || this.#vectorCount > 0
  }

  /** Opens the engine now, even if no row follows. */
  async attach(): Promise<void> {
    this.#opening ??= this.#options.open()
    this.#writer = await this.#opening
  }

  /** Takes one entry. If it returns a promise, await it before the next entry. */
  push(key: Uint8Array, value: Uint8Array): Promise<void> | undefined {
    if (this.#failure !== undefined) throw this.#failure.error
    checkLimits(key, value, this.#options.limits)
    const builder = this.#builder
    builder.push(key, value)
    this.#rowCount++
    if (builder.count < this.#maxBatchEntries && builder.bytes < this.#maxBatchBytes)
      return undefined
    return this.flushBuffer()
  }

  /** Takes one vector. If it returns a promise, await it before the next entry. */
  pushVector({ id, vector, payload }: VectorRow): Promise<void> | undefined {
    if (this.#failure !== undefined) throw this.#failure.error
    const vectors = (this.#vectors ??= new VectorChunkBuilder(vector.length))
    vectors.push(id, vector, payload)
    this.#vectorCount++
    if (vectors.count < this.#maxBatchEntries && vectors.bytes < this.#maxBatchBytes)
      return undefined
    return this.#enqueue(vectors.finish())
  }

  /** Takes a packed chunk as a separate batch; its buffer must not change any more. */
  async pushChunk(chunk: EntryChunk): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure.error
    for (let i = 0; i < chunk.count; i++) {
      checkLimits(chunk.key(i), chunk.value(i), this.#options.limits)
    }
    this.#rowCount += chunk.count
    // Queue both before any wait, so that entries put during the wait come after the chunk.
    const before = this.flushBuffer()
    const wait = this.#enqueue(chunk)
    await Promise.all([before, wait])
  }

  /**
   * Starts writing the buffered entries. It returns a promise if the previous batch is still being
   * written.
   */
  flushBuffer(): Promise<void> | undefined {
    const { buffers, copiesBatches = false } = this.#options
    const entries =
      this.#builder.count === 0
        ? undefined
        : this.#enqueue(this.#builder.finish(), copiesBatches ? buffers : undefined)
    const vectors = this.#vectors
    if (vectors === undefined || vectors.count === 0) return entries
    const later = this.#enqueue(vectors.finish())
    if (entries === undefined || later === undefined) return entries ?? later
    // Both report a failure, so both must have a caller.
    return Promise.all([entries, later]).then(() => {})
  }

  /** Resolves when everything pushed so far is stored. */
  async flush(): Promise<void> {
    await this.#drain()
    await this.#writer?.flush()
  }

  /**
   * Writes the rest, seals the shard and releases its engine; repeated calls return the same
   * result.
   */
  seal(): Promise<ShardStats> {
    this.#sealing ??= this.#seal()
    return this.#sealing
  }

  /** Releases the engine, finished or not; waits for a running batch or seal. */
  async close(): Promise<void> {
    // If closed during a seal, an engine may lose the data it is about to store.
    await this.#sealing?.catch(() => {})
    this.#failure ??= {
      error: closed('ShardWriter', 'this writer is closed; open a new one', { peer: null }),
    }
    await this.#tail
    // The caller has already received the error of a failed opening.
    const writer = await this.#opening?.catch(() => undefined)
    await writer?.close()
  }

  /** `freed` takes the buffer of the chunk when it is written. */
  #enqueue(chunk: EntryChunk | VectorChunk, freed?: BufferPool): Promise<void> | undefined {
    const previous = this.#tail
    const { schedule, onBatch, room } = this.#options
    const { byteLength } = chunk
    if (chunk instanceof EntryChunk) this.#bounds.add(chunk)
    onBatch?.(chunk)
    const write = (): Promise<void> => this.#write(chunk, freed)
    this.#queued++
    room?.take(byteLength)
    this.#tail = previous
      .then(() => (schedule === undefined ? write() : schedule(write)))
      .catch((error: unknown) => {
        this.#failure ??= { error }
      })
      .finally(() => {
        this.#queued--
        room?.giveBack(byteLength)
      })
    if (room !== undefined) return room.ready().then(() => this.#throwIfFailed())
    // The next batch may fill while one is being written; a second one must wait for it.
    return this.#queued > 1 ? previous.then(() => this.#throwIfFailed()) : undefined
  }

  async #write(chunk: EntryChunk | VectorChunk, freed: BufferPool | undefined): Promise<void> {
    if (this.#failure !== undefined) return
    this.#opening ??= this.#options.open()
    this.#writer ??= await this.#opening
    if (!(chunk instanceof EntryChunk)) return this.#writer.writeVectors!(chunk)
    await this.#writer.write(chunk)
    freed?.give(chunk.buffer)
  }

  async #seal(): Promise<ShardStats> {
    await this.#drain()
    let bytes = 0
    let seal: ShardSeal | undefined
    if (this.#writer !== undefined) {
      seal = (await this.#writer.seal()) ?? undefined
      bytes = await this.#writer.bytes()
      await this.#writer.close()
    }
    const { min: minKey, max: maxKey, ascending } = this.#bounds
    const keys = seal?.keys ?? (ascending && this.#rowCount > 0 ? this.#rowCount : undefined)
    return {
      rowCount: this.#rowCount === 0 ? this.#vectorCount : this.#rowCount,
      bytes,
      minKey,
      maxKey,
      seal: keys === undefined ? seal : { objects: {}, ...seal, keys },
    }
  }

  async #drain(): Promise<void> {
    await this.flushBuffer()
    await this.#tail
    this.#throwIfFailed()
  }

  #throwIfFailed(): void {
    if (this.#failure !== undefined) throw this.#failure.error
  }
}

/** Returns enough of a stored key to identify it, in hexadecimal digits. */
function hexOf(key: Uint8Array): string {
  let text = '0x'
  for (const byte of key.subarray(0, 32)) text += byte.toString(16).padStart(2, '0')
  return key.length > 32 ? `${text}… (${key.length} bytes)` : text
}

/**
 * Refuses entries beyond the limits of an engine. Errors: SHARD_INVALID_KEY, SHARD_INVALID_VALUE.
 */
export function checkLimits(
  key: Uint8Array,
  value: Uint8Array,
  limits: EngineLimits | undefined,
): void {
  if (limits === undefined) return
  if (key.length < limits.minKeyBytes || key.length > limits.maxKeyBytes) {
    throw invalidKey(
      'put',
      `a stored key must have ${limits.minKeyBytes} to ${limits.maxKeyBytes} bytes in this engine, got ${key.length}`,
      { details: { bytes: key.length } },
    )
  }
  if (value.length > limits.maxValueBytes) {
    throw invalidValue(
      'put',
      `the value of key ${hexOf(key)} has ${value.length} bytes; this engine takes at most ` +
        `${limits.maxValueBytes} bytes: split the value, or store a link to it`,
      { details: { key: hexOf(key), bytes: value.length, maxValueBytes: limits.maxValueBytes } },
    )
  }
}

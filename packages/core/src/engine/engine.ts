import type { EntryChunk } from '../chunk/entry-chunk.js'
import type { ObjectStore } from '../store/object-store.js'
import type { ByteRange } from '../types.js'
import type { Origin } from '../async/origin.js'
import type { ShardSeal } from './shard-seal.js'

/**
 * The contract between the SDK and whatever stores a shard; bring your own by implementing it.
 *
 * Batch-first: rows never cross one at a time. Keys are stored bytes, ordered as unsigned bytes; the
 * last write of a key wins. `runEngineConformance` of `@shardyfusion/core/testing` checks an engine.
 * Errors: engines throw ShardyfusionError, SHARD_ENGINE unless a narrower code fits.
 */
export interface ShardEngine {
  /** Short name for messages and metrics, such as `native`. */
  readonly name: string
  /** The format of its shards, which a manifest records: engines of one format read each other's shards. */
  readonly format: ShardFormat
  /** How another thread or process makes the same engine; without it, it works in this thread only. */
  readonly origin?: Origin | undefined
  readonly supports: EngineFeatures
  /** Keys and values it can hold; checked before anything is written. */
  readonly limits?: EngineLimits | undefined
  /** Readers it can hold open with little memory, the default of `maxOpenShards`; 16 if left out. */
  readonly maxOpenReaders?: number | undefined
  /** Starts whatever takes long before a first shard can be opened; a hint that a read will follow. */
  prepare?(): void
  /** Whether a shard is of its format; asked when the manifest does not name one. */
  recognizes?(shard: EngineShard): Promise<boolean>
  /** Creates the database at `url`, or opens it for more writing. */
  openWriter(options: EngineWriterOptions): Promise<EngineWriter>
  /** Opens the sealed database at `url`. Errors: SHARD_NOT_FOUND when there is none. */
  openReader(options: EngineReaderOptions): Promise<EngineReader>
}

/** Formats of this project's packages, and any other. */
export type ShardFormat = 'slatedb' | 'sqlite' | 'sqlite-vec' | 'lancedb' | (string & {})

/** Abilities of an engine beyond the least; a feature that is left out is one it does not have. */
export interface EngineFeatures {
  /**
   * How it reaches storage: `objects` through the store it is given, `environment` directly, with the credentials of `env`
   * or of the process.
   */
  readonly io: 'objects' | 'environment'
  /** Readers have `peek`. */
  readonly peek?: boolean | undefined
  /** `flush` stores what was written; otherwise rows are stored when the shard is sealed. */
  readonly incrementalFlush?: boolean | undefined
  /** A reader lists the objects of its shard when it opens, so that one list of a whole run can answer for all. */
  readonly listsShards?: boolean | undefined
  /** `write` has copied the chunk when it resolves, so that its buffer may be used again. */
  readonly copiesChunks?: boolean | undefined
  /** Its thread may end in the middle of a call; native code usually takes the process with it. */
  readonly interruptible?: boolean | undefined
  /** Distance metrics its readers search by. */
  readonly search?: readonly string[] | undefined
}

/** A shard that an engine is asked to recognize. */
export interface EngineShard {
  /** Root of the shard, without a trailing slash. */
  readonly url: string
  readonly objects: ObjectStore
  readonly signal?: AbortSignal | undefined
}

/** Sizes in bytes, all inclusive. */
export interface EngineLimits {
  readonly minKeyBytes: number
  readonly maxKeyBytes: number
  readonly maxValueBytes: number
}

/** Options of opening a shard, for reading or writing. */
export interface EngineOpenOptions {
  /** Root of the shard, without a trailing slash. */
  readonly url: string
  /** The store of the snapshot, for engines that do their input and output through it. */
  readonly objects?: ObjectStore | undefined
  /** Environment variables in force while the engine resolves `url` (credentials, endpoints); `undefined` removes one. */
  readonly env?: Readonly<Record<string, string | undefined>> | undefined
  /** Bound on opening, in milliseconds. */
  readonly openTimeoutMs?: number | undefined
  readonly signal?: AbortSignal | undefined
}

export interface EngineWriterOptions extends EngineOpenOptions {
  /** Bytes of written, not yet stored data this writer may hold in memory; a hint. */
  readonly memoryBytes?: number | undefined
}

export interface EngineReaderOptions extends EngineOpenOptions {
  /** The opaque id stamped by the writer; engines may ignore it. */
  readonly checkpointId?: string | undefined
  /** Longest value to read, in bytes: a longer one is SHARD_INVALID_VALUE, and nothing is unpacked to much more. */
  readonly maxValueBytes?: number | undefined
  /** The objects the shard was sealed with; an engine that can tell at no cost refuses a shard that lacks some. */
  readonly seal?: ShardSeal | undefined
}

export interface EngineWriter {
  /** Takes a whole chunk; resolves when the next one may come (not when it is durable). */
  write(chunk: EntryChunk): Promise<void>
  /** Resolves when all that was written is stored. */
  flush(): Promise<void>
  /**
   * Flushes and puts the shard into its final, immutable form; no write may follow.
   *
   * Resolves to the objects it consists of, if the engine keeps them in `objects`; they are stored in the manifest.
   */
  seal(): Promise<ShardSeal | void>
  /** Bytes the shard occupies in storage; 0 when unknown. */
  bytes(): Promise<number>
  /** Releases everything; idempotent. Without `seal()` the shard is unfinished. */
  close(): Promise<void>
}

export interface EngineReader {
  /**
   * Values in the order of `keys`; `undefined` where there is no such key. The values belong to the caller; `keys` do not
   * change before the promise settles.
   */
  getMany(keys: readonly Uint8Array[]): Promise<(Uint8Array | undefined)[]>
  /**
   * The value of a key if it can be told at once: `undefined` if there is no such key, `null` if storage would have to
   * be asked, which `getMany` does. Engines that always have to wait leave it out.
   */
  peek?(key: Uint8Array): Uint8Array | undefined | null
  /** Starts a scan; nothing is read before the first `nextChunk`. */
  scan(range: ByteRange, options?: EngineScanOptions): EngineScan
  /** Ends running scans and releases everything; idempotent. */
  close(): Promise<void>
}

export interface EngineScanOptions {
  /** Descending key order. */
  readonly reverse?: boolean | undefined
  /** Bytes the scan may hold of what it has fetched ahead; a hint. */
  readonly readAheadBytes?: number | undefined
}

export interface EngineScan {
  /**
   * The next entries in key order, at most `maxEntries`; `undefined` at the end and ever after.
   *
   * A chunk may be shorter than asked, never empty. One call at a time.
   */
  nextChunk(maxEntries: number): Promise<EntryChunk | undefined>
  /** Releases the engine's iterator, also in the middle; idempotent. */
  close(): Promise<void>
}

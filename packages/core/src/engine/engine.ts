// Long because the contract of engines with their readers and writers is in one place.

import type { EntryChunk } from '../chunk/entry-chunk.js'
import type { ObjectStore } from '../store/object-store.js'
import type { ByteRange } from '../types.js'
import type { Origin } from '../async/origin.js'
import type { VectorChunk, VectorId } from '../chunk/vector-chunk.js'
import type { ShardSeal } from './shard-seal.js'
import type {
  EngineSearchOptions,
  ShardHits,
  ShardVectorFacts,
  VectorQueries,
  VectorRows,
  VectorSample,
  VectorSettings,
} from './vector-engine.js'

/**
 * The contract of an engine, which stores shards; implement it to bring your own.
 *
 * Batch-first: rows never cross one at a time. Keys are stored bytes, ordered as unsigned bytes;
 * the last write of a key wins. `runEngineConformance` of `@shardyfusion/core/testing` checks an
 * engine. Errors: engines throw ShardyfusionError, SHARD_ENGINE unless a narrower code fits.
 */
export interface ShardEngine {
  /** Short name for messages and metrics, such as `native`. */
  readonly name: string
  /**
   * The format of its shards, which a manifest records: engines of one format read each other's
   * shards.
   */
  readonly format: ShardFormat
  /**
   * Describes how another thread or process makes the same engine. Without it, the engine works in
   * this thread only.
   */
  readonly origin?: Origin | undefined
  /** Optional abilities; they also select the tests of the conformance suite. */
  readonly supports: EngineFeatures
  /** Limits of keys and values; checked before anything is written. */
  readonly limits?: EngineLimits | undefined
  /**
   * Number of readers that need little memory to stay open, the default of `maxOpenShards`; 16 if
   * omitted.
   */
  readonly maxOpenReaders?: number | undefined
  /** Starts slow preparations for the first open; a hint that a read will follow. */
  prepare?(): void
  /**
   * Returns fields for `custom` of the manifest, by which readers find out how shards are stored;
   * `vectors` is set if the snapshot has vectors, `unified` if its rows have keys as well. If they have
   * not, the description of the vectors (how they are sharded) is added to the field `vector`.
   */
  manifestFields?(
    vectors: VectorSettings | undefined,
    unified: boolean,
  ): Readonly<Record<string, unknown>>
  /** Returns true if a shard is of its format; called if the manifest does not name one. */
  recognizes?(shard: EngineShard): Promise<boolean>
  /** Creates the database at `url`, where there is none yet; the shard exists once it is sealed. */
  openWriter(options: EngineWriterOptions): Promise<EngineWriter>
  /** Opens the sealed database at `url`. Errors: SHARD_NOT_FOUND if it does not exist. */
  openReader(options: EngineReaderOptions): Promise<EngineReader>
  /**
   * Starts a new database with the rows of `base`, a reader of this engine, and changes of them. Calls
   * `begin` for the options of its writer, unless it returns `undefined`: then the rows are read,
   * merged and written like any others. Omitted if that is as fast.
   */
  openUpdate?(
    base: EngineReader,
    begin: () => Promise<EngineWriterOptions>,
  ): Promise<EngineUpdate | undefined>
}

/** Formats of this project's packages, and any other. */
export type ShardFormat = 'slatedb' | 'sqlite' | 'sqlite-vec' | 'lancedb' | (string & {})

/** Optional features of an engine; an omitted feature is not supported. */
export interface EngineFeatures {
  /**
   * How the engine reaches storage: `objects` through the store it is given, `environment`
   * directly, with the credentials of `env` or of the process.
   */
  readonly io: 'objects' | 'environment'
  /** Stores rows by their keys; true if omitted. False for engines of vectors alone. */
  readonly keys?: boolean | undefined
  /** Readers have `peek`. */
  readonly peek?: boolean | undefined
  /** `flush` stores the rows written so far; otherwise rows are stored when the shard is sealed. */
  readonly incrementalFlush?: boolean | undefined
  /**
   * A reader lists the objects of its shard when it opens, so that one list of a whole run can
   * serve all shards.
   */
  readonly listsShards?: boolean | undefined
  /** `write` has copied the chunk when it resolves, so that its buffer may be reused. */
  readonly copiesChunks?: boolean | undefined
  /** Its thread may end in the middle of a call; native code usually crashes the process then. */
  readonly interruptible?: boolean | undefined
  /** Distance metrics of vectors that it stores and searches; then writers have `writeVectors`. */
  readonly search?: readonly string[] | undefined
}

/** A shard that an engine may recognize. */
export interface EngineShard {
  /** Root of the shard, without a trailing slash. */
  readonly url: string
  /** The store of the shard. */
  readonly objects: ObjectStore
  /** Ends the call with the reason of the signal. */
  readonly signal?: AbortSignal | undefined
}

/** Sizes in bytes, all inclusive. */
export interface EngineLimits {
  /** Bytes of the shortest key. */
  readonly minKeyBytes: number
  /** Bytes of the longest key. */
  readonly maxKeyBytes: number
  /** Bytes of the longest value. */
  readonly maxValueBytes: number
}

/** Options for opening a shard, for reading or writing. */
export interface EngineOpenOptions {
  /** Root of the shard, without a trailing slash. */
  readonly url: string
  /** The store of the snapshot, for engines that do their I/O through it. */
  readonly objects?: ObjectStore | undefined
  /**
   * Environment variables that are set while the engine resolves `url` (credentials, endpoints);
   * `undefined` removes one.
   */
  readonly env?: Readonly<Record<string, string | undefined>> | undefined
  /** Bound on opening, in milliseconds. */
  readonly openTimeoutMs?: number | undefined
  /** Ends the call with the reason of the signal. */
  readonly signal?: AbortSignal | undefined
}

export interface EngineWriterOptions extends EngineOpenOptions {
  /** Set if the shard gets vectors. */
  readonly vectors?: VectorSettings | undefined
  /** Bytes of written but not yet stored data that this writer may hold in memory; a hint. */
  readonly memoryBytes?: number | undefined
  /** Bytes that it may use in addition while it is sealed, when few others are; a hint. */
  readonly sealMemoryBytes?: number | undefined
  /**
   * Opens temporary space for rows that exceed `memoryBytes`; without it, an engine stores them in
   * `objects`.
   */
  readonly openScratch?: (() => Promise<ScratchSpace>) | undefined
}

/** Temporary space for one writer, which its process does not leave behind. */
export interface ScratchSpace {
  /** Stores bytes under a name. */
  put(name: string, bytes: Uint8Array): Promise<void>
  /** Adds bytes behind those of a name. They belong to the caller again when it resolves. */
  append(name: string, bytes: Uint8Array): Promise<void>
  /** Returns the bytes from `start` up to `end`; `undefined` if the name does not exist. */
  get(name: string, start: number, end: number): Promise<Uint8Array | undefined>
  /** Takes back bytes that `get` has returned, for another call. Optional: it saves allocating them. */
  release?(bytes: Uint8Array): void
  /** Removes the bytes of a name. */
  delete(name: string): Promise<void>
  /** Frees the space; idempotent. */
  close(): Promise<void>
}

/** Sizes in bytes; a shard of unknown size counts as 0. */
export interface SnapshotBytes {
  /** Bytes of the largest shard. */
  readonly largest: number
  /** Bytes of all shards. */
  readonly total: number
}

export interface EngineReaderOptions extends EngineOpenOptions {
  /** The vectors of the snapshot, as its manifest describes them. */
  readonly vectors?: VectorSettings | undefined
  /** Bytes of the shard by its manifest, which may count other data with it; 0 if unknown. */
  readonly bytes?: number | undefined
  /** The sizes of all shards of the snapshot, by its manifest. */
  readonly snapshotBytes?: SnapshotBytes | undefined
  /** The opaque id that the writer stamped; engines may ignore it. */
  readonly checkpointId?: string | undefined
  /**
   * Maximum value to read, in bytes: a longer one is SHARD_INVALID_VALUE, and no data is
   * decompressed to much more.
   */
  readonly maxValueBytes?: number | undefined
  /**
   * The seal of the shard; an engine that can check it at no cost refuses a shard with missing
   * objects.
   */
  readonly seal?: ShardSeal | undefined
}

/** Writes one shard. */
export interface EngineWriter {
  /**
   * Takes a whole chunk; resolves when the writer accepts the next one (not when this one is
   * durable).
   */
  write(chunk: EntryChunk): Promise<void>
  /**
   * Takes vectors, of rows written before or after, or of no row; their order is that of the calls.
   * Two vectors with one id are two vectors.
   */
  writeVectors?(chunk: VectorChunk): Promise<void>
  /** Resolves when everything written is stored, if the engine supports `incrementalFlush`; otherwise at once. */
  flush(): Promise<void>
  /**
   * Flushes and puts the shard into its final, immutable form; no write may follow.
   *
   * Resolves to the objects of the shard, if the engine stores them in `objects`; they are recorded
   * in the manifest.
   */
  seal(): Promise<ShardSeal | void>
  /** Bytes the shard occupies in storage; 0 if unknown. */
  bytes(): Promise<number>
  /** Releases everything; idempotent. Without `seal()` the shard is unfinished. */
  close(): Promise<void>
}

/** Writes one shard from the rows of another one and changes, without a call for each row. */
export interface EngineUpdate {
  /**
   * Takes changes, whose keys are greater than all before; `undefined` if no more follow. Of the value
   * of each, the first byte is 1 if it puts the bytes that follow, 0 if it deletes the key.
   */
  add(changes: EntryChunk | undefined): Promise<void>
  /**
   * Merges a part of the rows, of some MiB. Resolves to true if no rows are left to merge before more
   * changes are added.
   */
  step(): Promise<boolean>
  /** Returns the counts so far; exact when the last changes are merged. */
  counts(): UpdateCounts
  /** Stores everything in its final form, as the writer of a shard does. Errors: as `EngineWriter.seal`. */
  seal(): Promise<ShardSeal | void>
  /** Bytes the shard occupies in storage; 0 if unknown. */
  bytes(): Promise<number>
  /** Releases everything except the base; idempotent. Without `seal()` the shard is unfinished. */
  close(): Promise<void>
}

/** Rows of an update of one shard. */
export interface UpdateCounts {
  /** Rows read from the old shard. */
  readonly read: number
  /** Rows of the new shard. */
  readonly written: number
  /** Puts of keys that did not exist. */
  readonly inserted: number
  /** Puts of keys that existed with another value. */
  readonly replaced: number
  /** Deletes of keys that existed. */
  readonly deleted: number
  /** Smallest and largest key of the new shard; `undefined` without rows. */
  readonly minKey: Uint8Array | undefined
  /** Largest key of the new shard. */
  readonly maxKey: Uint8Array | undefined
}

/** Reads one shard. */
export interface EngineReader {
  /**
   * Returns values in the order of `keys`; `undefined` for keys that do not exist. The values
   * belong to the caller; `keys` do not change before the promise settles.
   */
  getMany(keys: readonly Uint8Array[]): Promise<(Uint8Array | undefined)[]>
  /**
   * Returns the value if it is already in memory, or in a store that has it without a wait
   * (`ObjectStore.readNow`): `undefined` if the key does not exist, `null` if answering needs a wait
   * (use `getMany`). Engines that always need I/O omit it. The value belongs to
   * the caller. The buffer of the key may be reused after the call.
   */
  peek?(key: Uint8Array): Uint8Array | undefined | null
  /**
   * Returns the values in the order of `keys` if all are already in memory; `null` if answering
   * needs I/O. Omitted if there is no `peek`, or if it saves nothing.
   */
  peekMany?(keys: readonly Uint8Array[]): (Uint8Array | undefined)[] | null
  /**
   * The same for keys of `keyBytes` bytes each, one after the other in `keys`: puts the value of key
   * `i` at `values[positions[i]]`, and leaves out missing ones. Returns false if answering needs I/O;
   * `values` may then have some of them. Omitted if it saves nothing.
   */
  peekPacked?(
    keys: Uint8Array,
    keyBytes: number,
    values: (Uint8Array | undefined)[],
    positions: Int32Array,
  ): boolean
  /** Starts a scan; reads nothing before the first `nextChunk`. */
  scan(range: ByteRange, options?: EngineScanOptions): EngineScan
  /**
   * Finds the nearest vectors for many queries in one call; of equal distances the one written first.
   * The engine checks the dimensions. Errors: SHARD_INVALID_VALUE for other dimensions.
   */
  search?(queries: VectorQueries, options: EngineSearchOptions): Promise<ShardHits>
  /** Returns ids and payloads of vectors that `search` found. */
  vectorRows?(rows: Float64Array): Promise<VectorRows>
  /** Returns the first vector with each id; `undefined` for ids that do not exist. */
  vectorsById?(ids: readonly VectorId[]): Promise<(Float32Array | undefined)[]>
  /** Number and form of the vectors of the shard; `undefined` without vectors. */
  vectorFacts?(): Promise<ShardVectorFacts | undefined>
  /** Returns `count` stored vectors with their ids, spread over the shard; fewer if it has fewer. */
  sampleVectors?(count: number): Promise<VectorSample>
  /**
   * Reads everything and returns what contradicts the format of the shard, one text each. Engines
   * whose format has checksums omit it: reading all rows checks as much.
   */
  verify?(): Promise<readonly string[]>
  /** Ends running scans and releases everything; idempotent. */
  close(): Promise<void>
}

/** Options of a scan of one shard. */
export interface EngineScanOptions {
  /** Descending key order. */
  readonly reverse?: boolean | undefined
  /** Bytes that the scan may fetch ahead; a hint. */
  readonly readAheadBytes?: number | undefined
  /** The data is small as a whole, and may stay in memory if there is room; a hint. */
  readonly keepInMemory?: boolean | undefined
}

/** A running scan of one shard. */
export interface EngineScan {
  /**
   * Returns the next entries in key order, at most `maxEntries`; `undefined` at the end and on
   * every later call.
   *
   * A chunk may be shorter than requested, never empty. One call at a time.
   */
  nextChunk(maxEntries: number): Promise<EntryChunk | undefined>
  /** Releases the engine's iterator, even before its end; idempotent. */
  close(): Promise<void>
}

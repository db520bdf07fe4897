import { loadCode } from '../errors/load-code.js'
import type { EntryChunk } from '../chunk/entry-chunk.js'
import type { KeyEncoding, KeyOf, RoutingContext } from '../types.js'
import type { SchemaOption, ValuesOption, WrittenValue } from '../values/value-codec.js'
import type { PublishedSnapshot } from './publish/published-snapshot.js'
import type { RowVector } from './rows/vector-row.js'
import type { SnapshotBuild } from './snapshot-build.js'
import type { SnapshotWriterOptions } from './snapshot-writer-options.js'
import { type VectorBuild, vectorBuild } from './vector-build.js'

/**
 * Builds a snapshot: routes every entry to its shard, and publishes all shards at once.
 *
 * Readers see nothing before `publish()`; closing without it abandons the run and removes its data.
 * Memory: about `maxBufferedBytes` in batches and `memoryBytes` in engines, for any number of rows.
 * Errors: SHARD_INVALID_KEY and SHARD_INVALID_VALUE (nothing of the entry is written); after
 * `publish()` or `close()` SHARD_CLOSED.
 *
 * @example
 * await using writer = await SnapshotWriter.open({ prefix, sharding: { shards: 8 } })
 * for (const row of rows) await writer.put(row.id, row.bytes)
 * await writer.publish()
 */
export class SnapshotWriter<
  T = Uint8Array,
  E extends KeyEncoding = KeyEncoding,
> implements AsyncDisposable {
  readonly #build: SnapshotBuild<T, E>

  private constructor(build: SnapshotBuild<T, E>) {
    this.#build = build
  }

  /** Starts a build. Errors: SHARD_INVALID_OPTION, and failures of the store. */
  static async open<
    const V extends ValuesOption = 'bytes',
    S extends SchemaOption = undefined,
    E extends KeyEncoding = 'u64be',
  >(
    options: SnapshotWriterOptions & {
      values?: V | undefined
      schema?: S | undefined
      keyEncoding?: E | undefined
    },
  ): Promise<SnapshotWriter<WrittenValue<V, S>, E>> {
    // Loaded here, because programs that only read do not need the code of builds.
    const loaded = await loadCode(import('./snapshot-build.js'), 'SnapshotWriter.open')
    return new SnapshotWriter(await loaded.SnapshotBuild.open<V, S, E>(options))
  }

  /** Id of this run. */
  get runId(): string {
    return this.#build.runId
  }

  /** Number of rows taken so far. */
  get rows(): number {
    return this.#build.rows
  }

  /**
   * Adds one entry; `context` has the columns of a CEL expression over columns other than the key,
   * `vector` the vector of the row, if the writer has the option `vector`.
   */
  async put(key: KeyOf<E>, value: T, context?: RoutingContext, vector?: RowVector): Promise<void> {
    await this.#build.put(key, value, context, vector)
  }

  /**
   * The same without a promise for every row. If it returns a promise, await it before the next
   * row.
   */
  putSync(
    key: KeyOf<E>,
    value: T,
    context?: RoutingContext,
    vector?: RowVector,
  ): Promise<void> | undefined {
    return this.#build.put(key, value, context, vector)
  }

  /** @internal */
  [vectorBuild](): VectorBuild {
    return this.#build.vectors()
  }

  /**
   * Adds entries whose keys are stored bytes already, routing each by its decoded key.
   *
   * For `utf8` and `raw` keys the bytes are hashed; for integer encodings the integer. The chunk
   * stays the caller's; its buffer may be reused as soon as the call has returned its promise.
   */
  putChunk(chunk: EntryChunk): Promise<void> {
    return this.#build.putChunk(chunk)
  }

  /**
   * Seals every shard, writes the manifest and then moves the pointer: readers see all of it or
   * nothing.
   *
   * Errors: SHARD_PUBLISH if manifest or pointer could not be written; the previous snapshot then
   * stays current, the shards stay in storage, and `publish()` may be called again. SHARD_NOT_FOUND
   * if shards no longer exist in storage. All failures except SHARD_PUBLISH are final.
   */
  publish(): Promise<PublishedSnapshot> {
    return this.#build.publish()
  }

  /**
   * Releases everything; without `publish()` the run is abandoned and its data removed. Idempotent.
   *
   * Waits for a running `publish()`. Data that a failed one may have made visible stays; with
   * `resume`, so do sealed shards. The record of the run stores `reason`.
   */
  close(reason?: unknown): Promise<void> {
    return this.#build.close(reason)
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}

import { loadCode } from '../errors/load-code.js'
import type { ShardingOption } from '../build/open/sharding-option.js'
import type { EntryChunk } from '../chunk/entry-chunk.js'
import type { Key, RoutingContext } from '../types.js'
import type { SchemaOption, ValuesOption, WrittenValue } from '../values/value-codec.js'
import {
  type PackedChanges,
  packedChanges,
  type UpdaterFacts,
  updaterFacts,
} from './packed-changes.js'
import type { SnapshotUpdate } from './snapshot-update.js'
import type { UpdatedSnapshot, UpdatePlan } from './updated-snapshot.js'
import type { SnapshotUpdaterOptions } from './updater-options.js'

/**
 * Makes the next snapshot from the current one and changes: puts and deletes of keys.
 *
 * Shards without changes are taken over as they are: they are neither copied nor read. The others are
 * written again, each in one pass over its rows. Sharding, key encoding and engine are those of the
 * current snapshot. Readers see nothing before `publish()`; closing without it removes all data.
 * Memory: about `maxBufferedBytes` in changes and `memoryBytes` in engines. Errors:
 * SHARD_NOT_FOUND if nothing is published; SHARD_PUBLISH with `details.conflict` if another snapshot
 * than the expected one is current, at the start or at the publication; SHARD_INVALID_OPTION for a
 * snapshot with vectors; after `publish()` or `close()` SHARD_CLOSED.
 *
 * @example
 * await using updater = await SnapshotUpdater.open({ prefix, values: 'json' })
 * await updater.put(42n, { name: 'new' })
 * await updater.delete(7n)
 * await updater.publish()
 */
export class SnapshotUpdater<T = Uint8Array> implements AsyncDisposable {
  readonly #update: SnapshotUpdate<T>

  private constructor(update: SnapshotUpdate<T>) {
    this.#update = update
  }

  /** Starts an update of the current snapshot. */
  static async open<const V extends ValuesOption = 'bytes', S extends SchemaOption = undefined>(
    options: SnapshotUpdaterOptions & { values?: V | undefined; schema?: S | undefined },
  ): Promise<SnapshotUpdater<WrittenValue<V, S>>> {
    // Loaded here, because programs that only read do not need the code of updates.
    const loaded = await loadCode(import('./snapshot-update.js'), 'SnapshotUpdater.open')
    return new SnapshotUpdater(await loaded.SnapshotUpdate.open<V, S>(options))
  }

  /** Id of this run. */
  get runId(): string {
    return this.#update.runId
  }

  /** The run that the update starts from. */
  get baseRunId(): string {
    return this.#update.baseRunId
  }

  /** How rows are assigned to shards. */
  get sharding(): ShardingOption {
    return this.#update.sharding
  }

  /** Number of changes taken so far. */
  get changes(): number {
    return this.#update.changes
  }

  /**
   * Puts one row; a later change of the same key replaces this one. `context` has the columns of a
   * CEL expression over columns other than the key: of the new row.
   */
  async put(key: Key, value: T, context?: RoutingContext): Promise<void> {
    await this.#update.put(key, value, context)
  }

  /** The same without a promise for every row. If it returns a promise, await it before the next change. */
  putSync(key: Key, value: T, context?: RoutingContext): Promise<void> | undefined {
    return this.#update.put(key, value, context)
  }

  /**
   * Deletes a key; nothing happens if it does not exist. `context` has the columns of a CEL
   * expression: those by which the row was put.
   */
  async delete(key: Key, context?: RoutingContext): Promise<void> {
    await this.#update.delete(key, context)
  }

  /** The same without a promise for every row. If it returns a promise, await it before the next change. */
  deleteSync(key: Key, context?: RoutingContext): Promise<void> | undefined {
    return this.#update.delete(key, context)
  }

  /**
   * Puts the entries of a chunk, whose keys are stored bytes already. The chunk stays the caller's;
   * its buffer may be reused as soon as the call has returned its promise.
   */
  putChunk(chunk: EntryChunk): Promise<void> {
    return this.#update.putChunk(chunk)
  }

  /** Deletes the keys of a chunk, whatever their values. */
  deleteChunk(chunk: EntryChunk): Promise<void> {
    return this.#update.deleteChunk(chunk)
  }

  /** Returns what `publish()` would write now; writes nothing. */
  plan(): UpdatePlan {
    return this.#update.plan()
  }

  /**
   * Merges the changes, writes the manifest and then moves the pointer: readers see all of it or
   * nothing.
   *
   * Without changes it publishes a snapshot of the same shards, so that the age of the snapshot says
   * when it was last brought up to date. Errors: SHARD_PUBLISH if manifest or pointer could not be
   * written; the shards then stay in storage, and `publish()` may be called again; but with
   * `details.conflict` another snapshot was published in between, and everything is removed. All
   * other failures are final.
   */
  publish(): Promise<UpdatedSnapshot> {
    return this.#update.publish()
  }

  /**
   * Releases everything; without `publish()` the update is abandoned and its data removed. Idempotent.
   *
   * Waits for a running `publish()`. With `resume`, merged shards stay. The record of the run stores
   * `reason`.
   */
  close(reason?: unknown): Promise<void> {
    return this.#update.close(reason)
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  /** Takes packed changes of another thread; see `packedChanges`. */
  [packedChanges](changes: PackedChanges): Promise<void> {
    return this.#update.putPacked(changes)
  }

  /** Facts for a caller in another thread. */
  get [updaterFacts](): UpdaterFacts {
    return this.#update.facts
  }
}

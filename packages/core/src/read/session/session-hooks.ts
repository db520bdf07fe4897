import type { ReaderCounters, ReaderStats } from '../../diagnostics/reader-stats.js'
import type { EngineReader, ShardEngine } from '../../engine/engine.js'
import type { ShardRouter } from '../../routing/shard-router.js'
import type { ManifestRef } from '../../snapshot/catalog/manifest-store.js'
import type { ObjectStore } from '../../store/object-store.js'
import type { Manifest } from '../../snapshot/manifest/manifest.js'

/** Callbacks by which a reader adapts a session. */
export interface SessionHooks<X> {
  /** Starts the messages; `SnapshotSession` by default. */
  readonly name?: string | undefined
  /** The counts of the reader, if it adds its own; they are part of `stats()`. */
  readonly counters?: ReaderCounters | undefined
  /** Refuses manifests that are not for this reader, by throwing SHARD_MANIFEST. */
  readonly check?: ((manifest: Manifest, where: string) => void) | undefined
  /**
   * Makes the reader's data for one snapshot, such as a cache; it is `extra` of the snapshot. If it
   * fails, the snapshot is not opened.
   */
  readonly attach?:
    | ((manifest: Manifest, engine: ShardEngine, place: SnapshotPlace) => X | Promise<X>)
    | undefined
  /** Returns parts of `stats()` for the reader's data. */
  readonly stats?: ((extra: X) => Partial<ReaderStats> | undefined) | undefined
  /** Releases that data after the session has moved on; running calls may still use it. */
  readonly detach?: ((extra: X) => void) | undefined
}

/** Where the objects of a snapshot are. */
export interface SnapshotPlace {
  /** The store of the snapshot. */
  readonly objects: ObjectStore
  /**
   * Returns the URL of an object that the manifest names, where it may be read from here. Errors:
   * SHARD_MANIFEST for one outside the prefix, unless `shardUrls` allows it.
   */
  urlOf(url: string): string
  /** Ends the call with the reason of the signal. */
  readonly signal: AbortSignal | undefined
}

/** A snapshot that a session has open while it is borrowed. */
export interface SessionSnapshot<X = undefined> {
  /** Where the manifest is stored. */
  readonly ref: ManifestRef
  /** The manifest. */
  readonly manifest: Manifest
  /** Finds the shard of a key. */
  readonly router: ShardRouter
  /** The engine of its shards. */
  readonly engine: ShardEngine
  /** The result of `attach`, for this snapshot. */
  readonly extra: X
  /** Runs `work` on the reader of a shard. */
  use<T>(shard: number, work: (reader: EngineReader) => Promise<T>): Promise<T>
  /**
   * Returns the value of a stored key if it is in memory: `undefined` if the key does not exist,
   * `null` if it takes `use`.
   */
  peek(shard: number, key: Uint8Array): Uint8Array | undefined | null
  /** The same for many stored keys: `null` unless all of them are in memory. */
  peekMany(shard: number, keys: readonly Uint8Array[]): (Uint8Array | undefined)[] | null
  /** The same for packed keys, as `EngineReader.peekPacked`: false unless all of them are in memory. */
  peekPacked(
    shard: number,
    keys: Uint8Array,
    keyBytes: number,
    values: (Uint8Array | undefined)[],
    positions: Int32Array,
  ): boolean
  /** Borrows the snapshot once more, for work that outlives the call that borrowed it first. */
  borrow(): void
  /** Ends one borrow. */
  release(): void
}

import type { EngineReader, ShardEngine, SnapshotBytes } from '../../engine/engine.js'
import type { VectorSettings } from '../../engine/vector-engine.js'
import {
  type Manifest,
  type ManifestShard,
  snapshotBytesOf,
} from '../../snapshot/manifest/manifest.js'
import type { ManifestRef } from '../../snapshot/catalog/manifest-store.js'
import type { ShardRouter } from '../../routing/shard-router.js'
import { vectorFields } from '../../snapshot/vector-fields.js'
import { isShardyfusionError } from '../../errors.js'
import { closeOnce } from '../../async/close-once.js'
import type { ShardPool } from './shard-pool.js'

/** A shard of a snapshot, with the engine that reads it. */
export interface SnapshotShard {
  readonly runId: string
  readonly entry: ManifestShard
  readonly engine: ShardEngine
  /** Set if the snapshot has vectors that the engine can search. */
  readonly vectors: VectorSettings | undefined
  /** The sizes of all shards of its snapshot. */
  readonly snapshotBytes: SnapshotBytes
}

/**
 * The property of readers that identifies the open snapshot: another object after each move. For
 * packages that cache what they read, not for users.
 */
export const openSnapshot: unique symbol = Symbol('openSnapshot')

/**
 * One snapshot that a reader has open; after a refresh it lives until the last call that borrowed
 * it ends.
 */
export class SnapshotState<X = undefined> {
  readonly ref: ManifestRef
  readonly manifest: Manifest
  readonly router: ShardRouter
  /** The engine of its shards. */
  readonly engine: ShardEngine
  /** The reader's data for this snapshot. */
  readonly extra: X
  readonly #pool: ShardPool<SnapshotShard>
  readonly #shards: readonly SnapshotShard[]
  readonly #detach: () => void
  #borrows = 0
  #retired = false
  #closed = false
  /** Closes the shards now, even if calls still borrow them. */
  readonly close: () => Promise<void>

  constructor(
    ref: ManifestRef,
    manifest: Manifest,
    router: ShardRouter,
    engine: ShardEngine,
    pool: ShardPool<SnapshotShard>,
    extra: X,
    detach: () => void,
  ) {
    this.ref = ref
    this.manifest = manifest
    this.router = router
    this.engine = engine
    this.extra = extra
    this.#detach = detach
    this.#pool = pool
    const vectors = searchable(manifest, engine)
    const snapshotBytes = snapshotBytesOf(manifest)
    const { runId } = manifest
    this.#shards = manifest.entries.map((entry) => ({
      runId,
      entry,
      engine,
      vectors,
      snapshotBytes,
    }))
    this.close = closeOnce(() => {
      this.#closed = true
      return pool.release(this.#shards)
    })
  }

  /** Runs `work` on the reader of a shard. */
  async use<T>(id: number, work: (reader: EngineReader) => Promise<T>): Promise<T> {
    // An aborted call may still be running. It must not open a shard that would never be closed.
    if (this.#closed) throw this.#pool.closedError()
    return this.#pool.use(this.#shards[id]!, work)
  }

  /** Returns the value of a key if the shard has it in memory; null if it takes `use`. */
  peek(id: number, key: Uint8Array): Uint8Array | undefined | null {
    return this.#closed ? null : this.#pool.peek(this.#shards[id]!, key)
  }

  /** Returns the values of keys if the shard has all of them in memory; null if it takes `use`. */
  peekMany(id: number, keys: readonly Uint8Array[]): (Uint8Array | undefined)[] | null {
    return this.#closed ? null : this.#pool.peekMany(this.#shards[id]!, keys)
  }

  /** The same for packed keys; false if it takes `use`. */
  peekPacked(id: number, ...keys: Parameters<NonNullable<EngineReader['peekPacked']>>): boolean {
    return !this.#closed && this.#pool.peekPacked(this.#shards[id]!, ...keys)
  }

  borrow(): void {
    this.#borrows++
  }

  release(): void {
    this.#borrows--
    // This close has no caller, and the snapshot is superseded: ignore its failure.
    if (this.#retired && this.#borrows === 0) this.close().catch(() => {})
  }

  /** Retires the snapshot: closes it now, or with the last release. */
  async retire(): Promise<void> {
    this.#retired = true
    this.#detach()
    if (this.#borrows === 0) await this.close()
  }
}

/** A field that cannot be read concerns searches alone, which report it. */
function searchable(manifest: Manifest, { supports }: ShardEngine): VectorSettings | undefined {
  if (supports.search === undefined) return undefined
  try {
    return vectorFields(manifest, 'SnapshotSession')
  } catch (error) {
    if (!isShardyfusionError(error)) throw error
    return undefined
  }
}

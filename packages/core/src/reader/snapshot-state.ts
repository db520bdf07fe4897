import type { Manifest } from '../manifest/manifest.js'
import type { ManifestRef } from '../manifest/manifest-store.js'
import type { ShardRouter } from '../routing/shard-router.js'
import { closeOnce } from '../util/close-once.js'
import type { ShardPool } from './shard-pool.js'

/** One snapshot a reader has open; after a refresh it lives on until the last call that borrowed it ends. */
export class SnapshotState {
  readonly ref: ManifestRef
  readonly manifest: Manifest
  readonly router: ShardRouter
  readonly pool: ShardPool
  #borrows = 0
  #retired = false
  /** Closes the shards now, whoever still borrows them. */
  readonly close: () => Promise<void>

  constructor(ref: ManifestRef, manifest: Manifest, router: ShardRouter, pool: ShardPool) {
    this.ref = ref
    this.manifest = manifest
    this.router = router
    this.pool = pool
    this.close = closeOnce(() => pool.close())
  }

  get borrowed(): boolean {
    return this.#borrows > 0
  }

  borrow(): void {
    this.#borrows++
  }

  release(): void {
    this.#borrows--
    // Nobody waits for this close, and the snapshot is superseded: there is no one to tell.
    if (this.#retired && this.#borrows === 0) this.close().catch(() => {})
  }

  /** Lets go of the snapshot: closes it now, or with the last release. */
  async retire(): Promise<void> {
    this.#retired = true
    if (this.#borrows === 0) await this.close()
  }
}

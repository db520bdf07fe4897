import type { ShardEngine } from '../../engine/engine.js'
import type { Manifest } from '../../snapshot/manifest/manifest.js'
import type { SnapshotState } from './snapshot-state.js'

/** Callbacks by which a reader adapts a session. */
export interface SessionHooks<X> {
  /** Starts the messages; `SnapshotSession` by default. */
  readonly name?: string | undefined
  /** Refuses manifests that are not for this reader, by throwing SHARD_MANIFEST. */
  readonly check?: ((manifest: Manifest, where: string) => void) | undefined
  /** Makes the reader's data for one snapshot, such as a cache; it is `extra` of the snapshot. */
  readonly attach?: ((manifest: Manifest, engine: ShardEngine) => X) | undefined
  /** Releases that data after the session has moved on; running calls may still use it. */
  readonly detach?: ((extra: X) => void) | undefined
}

/** A snapshot that a session has open while it is borrowed. */
export type SessionSnapshot<X = undefined> = Pick<
  SnapshotState<X>,
  'ref' | 'manifest' | 'router' | 'engine' | 'extra' | 'use' | 'peek' | 'release'
>

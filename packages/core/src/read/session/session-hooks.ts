import type { ShardEngine } from '../../engine/engine.js'
import type { Manifest } from '../../snapshot/manifest/manifest.js'
import type { SnapshotState } from './snapshot-state.js'

/** How a reader makes a session its own. */
export interface SessionHooks<X> {
  /** Begins messages; `SnapshotSession` by default. */
  readonly name?: string | undefined
  /** Refuses manifests that are not for this reader, by throwing SHARD_MANIFEST. */
  readonly check?: ((manifest: Manifest, where: string) => void) | undefined
  /** Makes what the reader keeps for one snapshot, such as a cache; it is `extra` of the snapshot. */
  readonly attach?: ((manifest: Manifest, engine: ShardEngine) => X) | undefined
  /** Releases it when the session has moved on; calls under way may still use it. */
  readonly detach?: ((extra: X) => void) | undefined
}

/** A snapshot that a session has open, for as long as it is borrowed. */
export type SessionSnapshot<X = undefined> = Pick<
  SnapshotState<X>,
  'ref' | 'manifest' | 'router' | 'engine' | 'extra' | 'use' | 'peek' | 'release'
>

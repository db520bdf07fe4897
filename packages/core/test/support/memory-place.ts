import {
  MemoryStore,
  type PublishedSnapshot,
  type SnapshotWriterOptions,
  writeSnapshot,
} from '@shardyfusion/core'
import type { ObjectStore, ShardEngine } from '@shardyfusion/core/extend'
import { objectEngine } from './object-engine.js'

/** Where a test keeps one lineage of snapshots: a store of its own and an engine that writes into it. */
export interface Place {
  readonly prefix: string
  readonly objects: ObjectStore
  readonly engine: ShardEngine
}

export function memoryPlace(engine: ShardEngine = objectEngine()): Place {
  return { prefix: 'memory://place/snapshots', objects: new MemoryStore(), engine }
}

/** Publishes `<mark> 0`, `<mark> 1`, … under the keys 0, 1, …. */
export function publishRows(
  place: Place,
  mark: string,
  rows = 20,
  options: Partial<SnapshotWriterOptions> = {},
): Promise<PublishedSnapshot> {
  const records = Array.from({ length: rows }, (_, i) => [i, `${mark} ${i}`] as const)
  return writeSnapshot(records, {
    ...place,
    sharding: { shards: 3 },
    ...options,
    values: 'utf8',
  })
}

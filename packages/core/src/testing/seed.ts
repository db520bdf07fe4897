import type { ShardWriterOptions } from '../build/shard-writer-options.js'
import type { Key, KeyEncoding } from '../types.js'
import type { PublishedSnapshot } from '../build/publish/published-snapshot.js'
import type { RecordOptions, WriteSnapshotOptions } from '../build/rows/record-fields.js'
import type { SealedShard } from '../build/sealed-shard.js'
import { ShardWriter } from '../build/shard-writer.js'
import type { ValueOf, ValuesOption } from '../values/value-codec.js'
import { writeSnapshot } from '../build/write-snapshot.js'

export interface SeedShardOptions extends ShardWriterOptions {
  /** Keys and values, in any order. */
  readonly rows: Iterable<readonly [key: Key, value: Uint8Array]>
}

/** Writes and seals one shard, for a reader to open. */
export async function seedShard({ rows, ...options }: SeedShardOptions): Promise<SealedShard> {
  const writer = await ShardWriter.open(options)
  try {
    for (const [key, value] of rows) await writer.put(key, value)
    return await writer.seal()
  } finally {
    await writer.close()
  }
}

/** A key and a value. */
export type SeedRow<V extends ValuesOption> = readonly [key: Key, value: ValueOf<V>]

/** Options of `seedSnapshot`. */
export type SeedSnapshotOptions<V extends ValuesOption> = Omit<
  RecordOptions<SeedRow<V>, V>,
  'key' | 'value' | 'sharding'
> & {
  readonly rows: Iterable<SeedRow<V>>
  /** Two shards by a hash of the key by default. */
  readonly sharding?: RecordOptions<SeedRow<V>, V>['sharding'] | undefined
}

/** Publishes a small snapshot, for a reader to open. */
export function seedSnapshot<V extends ValuesOption = 'bytes'>({
  rows,
  sharding = { shards: 2 },
  ...options
}: SeedSnapshotOptions<V>): Promise<PublishedSnapshot> {
  const all = { ...options, sharding } as unknown as WriteSnapshotOptions<SeedRow<V>, V>
  return writeSnapshot<SeedRow<V>, V, undefined, KeyEncoding>(rows, all)
}

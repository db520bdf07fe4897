import type { ShardWriterOptions } from '../build/shard-writer-options.js'
import type { Key, ValueEncoding } from '../types.js'
import type { PublishedSnapshot } from '../build/publish/published-snapshot.js'
import type { WriteSnapshotOptions } from '../build/rows/record-fields.js'
import { type SealedShard, ShardWriter } from '../build/shard-writer.js'
import type { ValueInput } from '../values/value-encoder.js'
import { writeSnapshot } from '../build/write-snapshot.js'

export interface SeedShardOptions extends ShardWriterOptions {
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

export type SeedRow<E extends ValueEncoding> = readonly [key: Key, value: ValueInput<E>]

export type SeedSnapshotOptions<E extends ValueEncoding> = Omit<
  WriteSnapshotOptions<SeedRow<E>, E>,
  'key' | 'value' | 'sharding'
> & {
  readonly rows: Iterable<SeedRow<E>>
  /** Two shards by a hash of the key by default. */
  readonly sharding?: WriteSnapshotOptions<SeedRow<E>, E>['sharding'] | undefined
}

/** Publishes a small snapshot, for a reader to open. */
export function seedSnapshot<E extends ValueEncoding = 'bytes'>({
  rows,
  sharding = { shards: 2 },
  ...options
}: SeedSnapshotOptions<E>): Promise<PublishedSnapshot> {
  return writeSnapshot<SeedRow<E>, E>(rows, { ...options, sharding } as WriteSnapshotOptions<
    SeedRow<E>,
    E
  >)
}

import type { Manifest } from '@shardyfusion/core/extend'

/** A manifest of one run with one shard. */
export function manifestOf(runId: string, changes: Partial<Manifest> = {}): Manifest {
  const prefix = 's3://bucket/prices'
  return {
    runId,
    createdAt: '2026-01-02T03:04:05.678901+00:00',
    shards: 1,
    prefix,
    keyColumn: 'id',
    sharding: { strategy: 'hash', hashAlgorithm: 'xxh3_64' },
    dbPathTemplate: 'db={db_id:05d}',
    shardPrefix: 'shards',
    formatVersion: 4,
    keyEncoding: 'utf8',
    custom: {},
    shardFormat: 'slatedb',
    entries: [
      {
        id: 0,
        url: `${prefix}/shards/run_id=${runId}/db=00000/attempt=00`,
        attempt: 0,
        rowCount: 2,
        bytes: 4_096,
        minKey: 'abc',
        maxKey: '123',
        checkpointId: '0123456789abcdef0123456789abcdef',
        writerInfo: { attempt: 0, durationMs: 17 },
      },
    ],
    ...changes,
  }
}

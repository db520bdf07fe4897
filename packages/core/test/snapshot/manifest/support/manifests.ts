import fc from 'fast-check'
import { emptyShard, type Manifest, type ManifestShard } from '#dist/snapshot/manifest/manifest.js'
import type { ShardingSpec } from '@shardyfusion/core/extend'

/** A small sound manifest, to be changed by tests. */
export function manifestOf(changes: Partial<Manifest> = {}): Manifest {
  return {
    runId: 'run-1',
    createdAt: '2026-01-02T03:04:05.000006Z',
    shards: 2,
    prefix: 's3://bkt/pre',
    keyColumn: '_key',
    sharding: { strategy: 'hash', hashAlgorithm: 'xxh3_64' },
    dbPathTemplate: 'db={db_id:05d}',
    shardPrefix: 'shards',
    formatVersion: 4,
    keyEncoding: 'u64be',
    custom: {},
    entries: [
      { ...emptyShard(0), url: 's3://bkt/pre/shards/run_id=run-1/db=00000/attempt=00' },
      emptyShard(1),
    ],
    ...changes,
  }
}

/** Objects as the codec makes them, with a prototype. */
function plainRecord<T>(model: { [K in keyof T]: fc.Arbitrary<T[K]> }): fc.Arbitrary<T> {
  return fc.record(model, { noNullPrototype: true }) as fc.Arbitrary<T>
}

const text = fc.string({ unit: 'binary', maxLength: 12 })
const count = fc.maxSafeNat()
const key = fc.option(fc.oneof(fc.bigInt({ min: -(2n ** 70n), max: 2n ** 70n }), text), {
  nil: undefined,
})
/** Integers a number cannot hold: those come back as bigint. */
const bigInteger = fc
  .bigInt({ min: 2n ** 53n, max: 2n ** 80n })
  .map((n) => (n % 2n === 0n ? n : -n))
const customValue = fc.oneof(fc.jsonValue({ noUnicodeString: false }), bigInteger)

const writerInfo = fc.record(
  { attempt: count, durationMs: count, stageId: count, taskAttemptId: count },
  { requiredKeys: ['attempt', 'durationMs'], noNullPrototype: true },
)

function shard(id: number): fc.Arbitrary<ManifestShard> {
  const full = plainRecord({
    id: fc.constant(id),
    url: text.map((tail) => `s3://bkt/${tail}`),
    attempt: count,
    rowCount: count,
    bytes: count,
    minKey: key,
    maxKey: key,
    checkpointId: fc.option(text, { nil: undefined }),
    writerInfo,
  })
  return fc.oneof(full, fc.constant(emptyShard(id)))
}

function sharding(shards: number): fc.Arbitrary<ShardingSpec> {
  const hashAlgorithm = fc.constant('xxh3_64' as const)
  const cel = (
    routingValues: fc.Arbitrary<(bigint | string)[] | undefined>,
  ): fc.Arbitrary<ShardingSpec> =>
    plainRecord({
      strategy: fc.constant('cel' as const),
      hashAlgorithm,
      celExpr: text.map((tail) => `key${tail}`),
      celColumns: fc.dictionary(text, fc.constantFrom('int', 'string'), {
        minKeys: 1,
        maxKeys: 3,
        noNullPrototype: true,
      }),
      routingValues,
    })
  const exactly = { minLength: shards, maxLength: shards }
  return fc.oneof(
    plainRecord({ strategy: fc.constant('hash' as const), hashAlgorithm }),
    cel(fc.constant(undefined)),
    cel(fc.uniqueArray(text, exactly)),
    cel(fc.uniqueArray(fc.bigInt({ min: -(2n ** 70n), max: 2n ** 70n }), exactly)),
  )
}

/** Any manifest the format can hold. */
export const anyManifest: fc.Arbitrary<Manifest> = fc.integer({ min: 1, max: 6 }).chain((shards) =>
  plainRecord({
    runId: text,
    createdAt: fc.constantFrom(
      '2026-01-02T03:04:05Z',
      '2026-01-02T03:04:05.000006Z',
      '2026-01-02T05:04:05+02:00',
    ),
    shards: fc.constant(shards),
    prefix: text,
    keyColumn: text,
    sharding: sharding(shards),
    dbPathTemplate: text,
    shardPrefix: text,
    formatVersion: fc.constant(4 as const),
    keyEncoding: fc.constantFrom(
      'u64be' as const,
      'u32be' as const,
      'utf8' as const,
      'raw' as const,
    ),
    custom: fc.dictionary(text, customValue, { maxKeys: 4, noNullPrototype: true }),
    entries: fc.tuple(...Array.from({ length: shards }, (_, id) => shard(id))),
  }),
)

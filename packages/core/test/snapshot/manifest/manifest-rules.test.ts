import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decodeManifest } from '#dist/snapshot/manifest/manifest-codec.js'
import { emptyShard, type Manifest } from '#dist/snapshot/manifest/manifest.js'
import { vectors } from '../../support/golden.js'
import { fixture, mutate } from './support/images.js'

const mutations = vectors<{
  base: string
  cases: { sql?: string; bytes?: string; accepted: boolean }[]
}>('manifest_mutations')

function damagedBytes(kind: string): Uint8Array {
  const base = fixture('hash-int')
  if (kind === 'empty') return new Uint8Array()
  if (kind === 'text') return new TextEncoder().encode('this is no database')
  if (kind === 'magic only') return base.slice(0, 16)
  if (kind === 'truncated 100') return base.slice(0, 100)
  assert.equal(kind, 'wal header')
  base.set([2, 2], 18)
  return base
}

for (const { sql, bytes, accepted } of mutations.cases) {
  test(`decodeManifest: ${accepted ? 'takes' : 'refuses'} ${sql ?? bytes}`, async () => {
    assert.match(mutations.base, /hash-int\.sqlite$/)
    const image = sql === undefined ? damagedBytes(bytes!) : mutate(fixture('hash-int'), sql)
    if (accepted) return void (await decodeManifest(image, 'test'))
    await assert.rejects(decodeManifest(image, 'test'), {
      name: 'ShardyfusionError',
      code: 'SHARD_MANIFEST',
      message: /^test: /,
    })
  })
}

const refusals: [string, object, RegExp][] = [
  [
    "update shards set row_count='x' where db_id=2",
    { table: 'shards', column: 'row_count', shard: 2 },
    /^test: shards\.row_count of shard 2 must be an integer, got "x"/,
  ],
  [
    'update shards set row_count=9007199254740993 where db_id=2',
    { column: 'row_count', shard: 2 },
    /more than a number holds exactly/,
  ],
  [
    'update shards set db_bytes=9007199254740992 where db_id=0',
    { column: 'db_bytes', shard: 0 },
    /more than a number holds exactly/,
  ],
  [
    'update shards set attempt=1.5 where db_id=0',
    { column: 'attempt' },
    /must be an integer, got 1\.5/,
  ],
  [
    "update shards set writer_info='[]' where db_id=0",
    { column: 'writer_info' },
    /must be a JSON object, got an array/,
  ],
  [
    'update shards set writer_info=\'{"attempt": null}\' where db_id=0',
    { column: 'writer_info.attempt' },
    /must be an integer, got null/,
  ],
  ["update shards set db_url='' where db_id=0", { column: 'db_url' }, /must be a URL or NULL/],
  [
    "update shards set db_url=x'61' where db_id=0",
    { column: 'db_url' },
    /must be text, got 1 bytes/,
  ],
  ["update build_meta set run_id=x'61'", { column: 'run_id' }, /must be text/],
  [
    "update build_meta set key_encoding='UTF8'",
    { column: 'key_encoding' },
    /must be u64be, u32be, utf8 or raw/,
  ],
  [
    'update build_meta set custom=\'{"shard_seals":{"format_version":1,"shards":"a:1;;"}}\'',
    { column: 'custom.shard_seals' },
    /must have \d+ seals, one per shard, got 3/,
  ],
  [
    'update build_meta set custom=\'{"shard_seals":{"format_version":1,"shards":{}}}\'',
    { column: 'custom.shard_seals' },
    /shards must be text, got/,
  ],
  ["update build_meta set custom='null'", { column: 'custom' }, /must be a JSON object/],
  ["update build_meta set custom='{'", { column: 'custom' }, /must be JSON: expected a name/],
  ['update build_meta set format_version=5', { column: 'format_version' }, /must be 4, got 5/],
  [
    "update build_meta set sharding=replace(sharding, 'null', '\"\"')",
    { column: 'sharding.routing_values' },
    /must be absent for "hash"/,
  ],
  [
    'update build_meta set sharding=\'{"hash_algorithm":"xxh3_64","x":1}\'',
    { column: 'sharding' },
    /unknown member "x"/,
  ],
  [
    'update build_meta set sharding=\'{"hash_algorithm":"XXH3_64"}\'',
    { column: 'sharding.hash_algorithm' },
    /must be "xxh3_64"/,
  ],
  [
    'update build_meta set sharding=\'{"hash_algorithm":"xxh3_64","strategy":null}\'',
    { column: 'sharding.strategy' },
    /must be "hash" or "cel", got null/,
  ],
  [
    'update build_meta set sharding=\'{"hash_algorithm":"xxh3_64","strategy":"cel","cel_columns":{"k":"int"}}\'',
    { column: 'sharding.cel_expr' },
    /must be an expression/,
  ],
  [
    'update build_meta set sharding=\'{"hash_algorithm":"xxh3_64","strategy":"cel","cel_expr":"k","cel_columns":{"k":"int"},"routing_values":[true,1,2,3]}\'',
    { column: 'sharding.routing_values' },
    /must hold integers or strings/,
  ],
  ['update shards set db_id=4 where db_id=0', { column: 'db_id', shard: 4 }, /must be below 4/],
  ['update build_meta set num_dbs=2', { table: 'shards' }, /at most 2 rows/],
  ['delete from build_meta', { table: 'build_meta' }, /has no row/],
]

for (const [sql, details, message] of refusals) {
  test(`decodeManifest: refuses and names the place after ${sql}`, async () => {
    const image = mutate(fixture('hash-int'), sql)
    await assert.rejects(
      decodeManifest(image, 'test'),
      (error: { code: string; message: string; details: object }) => {
        assert.equal(error.code, 'SHARD_MANIFEST')
        assert.match(error.message, message)
        assert.deepEqual(
          { ...error.details, ...details, peer: 'ManifestParseError' },
          error.details,
        )
        return true
      },
    )
  })
}

test('decodeManifest: refuses an id that is there twice', async () => {
  const image = mutate(
    fixture('hash-int'),
    'create table copy as select * from shards; drop table shards; alter table copy rename to shards; update shards set db_id=2',
  )
  await assert.rejects(decodeManifest(image, 'test'), {
    code: 'SHARD_MANIFEST',
    message: /shards\.db_id of shard 2 occurs twice/,
  })
})

const leniencies: [string, (manifest: Manifest) => void][] = [
  [
    'update shards set writer_info=\'{"attempt":"3","duration_ms":true,"x":1}\' where db_id=0',
    (m) => assert.deepEqual(m.entries[0]!.writerInfo, { attempt: 3, durationMs: 1 }),
  ],
  [
    "update shards set min_key='true', max_key='3.0' where db_id=0",
    (m) => assert.deepEqual([m.entries[0]!.minKey, m.entries[0]!.maxKey], [1n, 3n]),
  ],
  [
    'update shards set min_key=\'"12"\' where db_id=0',
    (m) => assert.equal(m.entries[0]!.minKey, '12'),
  ],
  [
    'update shards set db_url=NULL, row_count=7 where db_id=0',
    (m) => assert.deepEqual(m.entries[0], emptyShard(0)),
  ],
  [
    'update build_meta set custom=\'{"a":NaN,"b":-Infinity,"c":9007199254740993}\'',
    (m) => assert.deepEqual(m.custom, { a: NaN, b: -Infinity, c: 9007199254740993n }),
  ],
  [
    "update build_meta set created_at='2026-01-02 03:04:05'",
    (m) => assert.equal(m.createdAt, '2026-01-02 03:04:05'),
  ],
  [
    'update build_meta set sharding=\'{"hash_algorithm":"xxh3_64"}\'',
    (m) => assert.equal(m.sharding.strategy, 'hash'),
  ],
  [
    'create table other (x); create view seen as select * from shards',
    (m) => assert.equal(m.shards, 4),
  ],
  [
    'alter table shards rename column db_id to DB_ID',
    (m) => assert.equal(m.entries[2]!.attempt, 1),
  ],
]

for (const [sql, check] of leniencies) {
  test(`decodeManifest: takes what the reference takes: ${sql}`, async () => {
    check(await decodeManifest(mutate(fixture('hash-int'), sql), 'test'))
  })
}

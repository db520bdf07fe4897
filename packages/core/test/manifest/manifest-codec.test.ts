import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readdirSync } from 'node:fs'
import { test } from 'node:test'
import v8 from 'node:v8'
import vm from 'node:vm'
import fc from 'fast-check'
import { decodeManifest, encodeManifest } from '#dist/manifest/manifest-codec.js'
import { emptyShard, type Manifest, type ManifestShard } from '#dist/manifest/manifest.js'
import { withDatabase } from '#dist/manifest/sqlite.js'
import { parseTimestamp } from '#dist/manifest/timestamps.js'
import { golden, vectors } from './support/golden.js'
import { anyManifest, manifestOf } from './support/manifests.js'

type Tagged = { type: 'int' | 'str'; value: string } | null

interface ManifestVector {
  sha256: string
  build_meta_row: Record<string, unknown>
  shard_rows: Record<string, unknown>[]
  parsed: {
    run_id: string
    created_at: string
    num_dbs: number
    key_encoding: string
    strategy: string
    routing_values: Tagged[] | null
    cel_expr: string | null
    cel_columns: Record<string, string> | null
    custom: unknown
    shards: {
      db_id: number
      db_url: string | null
      attempt: number
      row_count: number
      db_bytes: number
      min_key: Tagged
      max_key: Tagged
      checkpoint_id: string | null
      writer_info: Record<string, number | null>
    }[]
  }
}

const manifests = vectors<Record<string, ManifestVector>>('manifests')
const untag = (key: Tagged) => (key === null ? undefined : key.type === 'int' ? BigInt(key.value) : key.value)
const fixture = (name: string): Uint8Array => golden(`manifest/${name}.sqlite`)

/** The image after some SQL, by the SQLite that reads it. */
const mutate = (image: Uint8Array, sql: string): Promise<Uint8Array> =>
  withDatabase(image, (database) => {
    database.run(sql)
    return database.image()
  })

const rowsOf = (image: Uint8Array, table: string): Promise<unknown[][]> =>
  withDatabase(image, (database) => [...database.rows(`SELECT * FROM ${table}`)])

function expectedShard(row: ManifestVector['parsed']['shards'][number]): ManifestShard {
  const { stage_id: stageId, task_attempt_id: taskAttemptId, attempt, duration_ms: durationMs } = row.writer_info
  return {
    id: row.db_id,
    url: row.db_url ?? undefined,
    attempt: row.attempt,
    rowCount: row.row_count,
    bytes: row.db_bytes,
    minKey: untag(row.min_key),
    maxKey: untag(row.max_key),
    checkpointId: row.checkpoint_id ?? undefined,
    writerInfo: {
      attempt: attempt!,
      durationMs: durationMs!,
      ...(stageId == null ? {} : { stageId }),
      ...(taskAttemptId == null ? {} : { taskAttemptId }),
    },
  }
}

assert.equal(Object.keys(manifests).length, 8)
for (const [name, { sha256, build_meta_row: row, parsed, shard_rows: shardRows }] of Object.entries(manifests)) {
  test(`decodeManifest: reads the reference's ${name}`, async () => {
    const bytes = fixture(name)
    assert.equal(createHash('sha256').update(bytes).digest('hex'), sha256)
    const manifest = await decodeManifest(bytes, 'test')

    const present = new Map(parsed.shards.map((shard) => [shard.db_id, expectedShard(shard)]))
    const entries = Array.from({ length: parsed.num_dbs }, (_, id) => present.get(id) ?? emptyShard(id))
    const cel = {
      celExpr: parsed.cel_expr,
      celColumns: parsed.cel_columns,
      routingValues: parsed.routing_values?.map(untag),
    }
    assert.deepEqual(manifest, {
      runId: parsed.run_id,
      createdAt: row.created_at,
      shards: parsed.num_dbs,
      prefix: row.s3_prefix,
      keyColumn: row.key_col,
      sharding: { strategy: parsed.strategy, hashAlgorithm: 'xxh3_64', ...(parsed.strategy === 'cel' ? cel : {}) },
      dbPathTemplate: row.db_path_template,
      shardPrefix: row.shard_prefix,
      formatVersion: 4,
      keyEncoding: parsed.key_encoding,
      custom: parsed.custom,
      entries,
    })
    assert.equal(parseTimestamp(manifest.createdAt), parseTimestamp(parsed.created_at.replace('+00:00', 'Z')))
  })

  test(`encodeManifest: writes the rows and the schema of the reference's ${name}`, async () => {
    const ours = await encodeManifest(await decodeManifest(fixture(name), 'test'))
    for (const table of ['build_meta', 'shards', 'sqlite_schema']) {
      assert.deepEqual(await rowsOf(ours, table), await rowsOf(fixture(name), table), table)
    }
    // Against the vectors too, since both sides above were read by the same code.
    const asNumbers = (values: unknown[]) => values.map((value) => (typeof value === 'bigint' ? Number(value) : value))
    assert.deepEqual((await rowsOf(ours, 'build_meta')).map(asNumbers), [Object.values(row)])
    assert.deepEqual((await rowsOf(ours, 'shards')).map(asNumbers), shardRows.map((shard) => Object.values(shard)))
  })
}

for (const name of readdirSync(new URL('../../test/golden/bucket/', import.meta.url))) {
  test(`decodeManifest: reads the manifest of the reference snapshot "${name}"`, async () => {
    const snapshot = vectors<{ snapshots: Record<string, { run_id: string; num_dbs?: number; s3_prefix: string }> }>(
      'bucket_fixture',
    ).snapshots[name]!
    const manifest = await decodeManifest(golden(`bucket/${name}/manifest`), 'test')
    assert.equal(manifest.runId, snapshot.run_id)
    if (snapshot.num_dbs !== undefined) assert.equal(manifest.shards, snapshot.num_dbs)
    assert.equal(manifest.prefix, snapshot.s3_prefix)
    assert.equal(manifest.entries.length, manifest.shards)
    for (const { url } of manifest.entries) assert.ok(url === undefined || url.startsWith(`${snapshot.s3_prefix}/shards/`))
  })
}

const mutations = vectors<{ base: string; cases: { sql?: string; bytes?: string; accepted: boolean }[] }>('manifest_mutations')

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
    const image = sql === undefined ? damagedBytes(bytes!) : await mutate(fixture('hash-int'), sql)
    if (accepted) return void (await decodeManifest(image, 'test'))
    await assert.rejects(decodeManifest(image, 'test'), {
      name: 'ShardyfusionError',
      code: 'SHARD_MANIFEST',
      message: /^test: /,
    })
  })
}

const refusals: [string, object, RegExp][] = [
  ["update shards set row_count='x' where db_id=2", { table: 'shards', column: 'row_count', shard: 2 }, /^test: shards\.row_count of shard 2 must be an integer, got "x"/],
  ["update shards set row_count=9007199254740993 where db_id=2", { column: 'row_count', shard: 2 }, /more than a number holds exactly/],
  ["update shards set db_bytes=9007199254740992 where db_id=0", { column: 'db_bytes', shard: 0 }, /more than a number holds exactly/],
  ["update shards set attempt=1.5 where db_id=0", { column: 'attempt' }, /must be an integer, got 1\.5/],
  ["update shards set writer_info='[]' where db_id=0", { column: 'writer_info' }, /must be a JSON object, got an array/],
  ["update shards set writer_info='{\"attempt\": null}' where db_id=0", { column: 'writer_info.attempt' }, /must be an integer, got null/],
  ["update shards set db_url='' where db_id=0", { column: 'db_url' }, /must be a URL or NULL/],
  ["update shards set db_url=x'61' where db_id=0", { column: 'db_url' }, /must be text, got 1 bytes/],
  ["update build_meta set run_id=x'61'", { column: 'run_id' }, /must be text/],
  ["update build_meta set key_encoding='UTF8'", { column: 'key_encoding' }, /must be u64be, u32be, utf8 or raw/],
  ["update build_meta set custom='null'", { column: 'custom' }, /must be a JSON object/],
  ["update build_meta set custom='{'", { column: 'custom' }, /must be JSON: expected a name/],
  ["update build_meta set format_version=5", { column: 'format_version' }, /must be 4, got 5/],
  ["update build_meta set sharding=replace(sharding, 'null', '\"\"')", { column: 'sharding.routing_values' }, /must be absent for "hash"/],
  ["update build_meta set sharding='{\"hash_algorithm\":\"xxh3_64\",\"x\":1}'", { column: 'sharding' }, /unknown member "x"/],
  ["update build_meta set sharding='{\"hash_algorithm\":\"XXH3_64\"}'", { column: 'sharding.hash_algorithm' }, /must be "xxh3_64"/],
  ["update build_meta set sharding='{\"hash_algorithm\":\"xxh3_64\",\"strategy\":null}'", { column: 'sharding.strategy' }, /must be "hash" or "cel", got null/],
  ["update build_meta set sharding='{\"hash_algorithm\":\"xxh3_64\",\"strategy\":\"cel\",\"cel_columns\":{\"k\":\"int\"}}'", { column: 'sharding.cel_expr' }, /must be an expression/],
  ["update build_meta set sharding='{\"hash_algorithm\":\"xxh3_64\",\"strategy\":\"cel\",\"cel_expr\":\"k\",\"cel_columns\":{\"k\":\"int\"},\"routing_values\":[true,1,2,3]}'", { column: 'sharding.routing_values' }, /must hold integers or strings/],
  ["update shards set db_id=4 where db_id=0", { column: 'db_id', shard: 4 }, /must be below 4/],
  ["update build_meta set num_dbs=2", { table: 'shards' }, /at most 2 rows/],
  ["delete from build_meta", { table: 'build_meta' }, /has no row/],
]

for (const [sql, details, message] of refusals) {
  test(`decodeManifest: refuses and names the place after ${sql}`, async () => {
    const image = await mutate(fixture('hash-int'), sql)
    await assert.rejects(decodeManifest(image, 'test'), (error: { code: string; message: string; details: object }) => {
      assert.equal(error.code, 'SHARD_MANIFEST')
      assert.match(error.message, message)
      assert.deepEqual({ ...error.details, ...details, peer: 'ManifestParseError' }, error.details)
      return true
    })
  })
}

test('decodeManifest: refuses an id that is there twice', async () => {
  const image = await mutate(
    fixture('hash-int'),
    'create table copy as select * from shards; drop table shards; alter table copy rename to shards; update shards set db_id=2',
  )
  await assert.rejects(decodeManifest(image, 'test'), { code: 'SHARD_MANIFEST', message: /shards\.db_id of shard 2 is there twice/ })
})

const leniencies: [string, (manifest: Manifest) => void][] = [
  ["update shards set writer_info='{\"attempt\":\"3\",\"duration_ms\":true,\"x\":1}' where db_id=0", (m) => assert.deepEqual(m.entries[0]!.writerInfo, { attempt: 3, durationMs: 1 })],
  ["update shards set min_key='true', max_key='3.0' where db_id=0", (m) => assert.deepEqual([m.entries[0]!.minKey, m.entries[0]!.maxKey], [1n, 3n])],
  ["update shards set min_key='\"12\"' where db_id=0", (m) => assert.equal(m.entries[0]!.minKey, '12')],
  ["update shards set db_url=NULL, row_count=7 where db_id=0", (m) => assert.deepEqual(m.entries[0], emptyShard(0))],
  ["update build_meta set custom='{\"a\":NaN,\"b\":-Infinity,\"c\":9007199254740993}'", (m) => assert.deepEqual(m.custom, { a: NaN, b: -Infinity, c: 9007199254740993n })],
  ["update build_meta set created_at='2026-01-02 03:04:05'", (m) => assert.equal(m.createdAt, '2026-01-02 03:04:05')],
  ["update build_meta set sharding='{\"hash_algorithm\":\"xxh3_64\"}'", (m) => assert.equal(m.sharding.strategy, 'hash')],
  ['create table other (x); create view seen as select * from shards', (m) => assert.equal(m.shards, 4)],
  ['alter table shards rename column db_id to DB_ID', (m) => assert.equal(m.entries[2]!.attempt, 1)],
]

for (const [sql, check] of leniencies) {
  test(`decodeManifest: takes what the reference takes: ${sql}`, async () => {
    check(await decodeManifest(await mutate(fixture('hash-int'), sql), 'test'))
  })
}

test('decodeManifest: other page sizes and UTF-16 make no difference', async () => {
  const expected = await decodeManifest(fixture('hash-str'), 'test')
  for (const pragma of ['page_size = 512', 'page_size = 65536', "encoding = 'UTF-16le'", "encoding = 'UTF-16be'"]) {
    const tables = ['build_meta', 'shards'] as const
    const schema = await rowsOf(fixture('hash-str'), 'sqlite_schema')
    const rows = await Promise.all(tables.map((table) => rowsOf(fixture('hash-str'), table)))
    const image = await withDatabase(undefined, (database) => {
      database.run(`PRAGMA ${pragma}`)
      for (const entry of schema) database.run(String(entry[4]))
      tables.forEach((table, i) => {
        const marks = rows[i]![0]!.map(() => '?').join(', ')
        database.insert(`INSERT INTO ${table} VALUES (${marks})`, rows[i] as never)
      })
      return database.image()
    })
    assert.notDeepEqual(image, fixture('hash-str'))
    assert.deepEqual(await decodeManifest(image, 'test'), expected, pragma)
  }
})

test('encodeManifest, then decodeManifest: gives the same manifest', async () => {
  await fc.assert(
    fc.asyncProperty(anyManifest, async (manifest) => {
      assert.deepEqual(await decodeManifest(await encodeManifest(manifest), 'test'), manifest)
    }),
    { numRuns: 300 },
  )
})

test('encodeManifest: the image is one the reference can open', async () => {
  const image = await encodeManifest(manifestOf())
  const view = new DataView(image.buffer, image.byteOffset)
  assert.equal(new TextDecoder().decode(image.subarray(0, 16)), 'SQLite format 3\0')
  assert.equal(view.getUint16(16), 4096, 'page size')
  assert.deepEqual([image[18], image[19]], [1, 1], 'rollback journal')
  assert.equal(image[20], 0, 'no reserved bytes')
  assert.equal(view.getUint32(56), 1, 'UTF-8')
  assert.equal(view.getUint32(60), 0, 'user_version')
  assert.equal(view.getUint32(68), 0, 'application_id')
  assert.equal(image.length % 4096, 0)
  assert.deepEqual(await encodeManifest(manifestOf()), image, 'the same bytes again')
})

test('encodeManifest: refuses what it could not read back', async () => {
  const [full, empty] = manifestOf().entries as [ManifestShard, ManifestShard]
  const cases: [Partial<Manifest>, RegExp][] = [
    [{ entries: [full] }, /^encodeManifest: shards must have 2 entries, got 1/],
    [{ entries: [empty, full] }, /shards of shard 0 must have id 0, got 1/],
    [{ entries: [full, { ...empty, rowCount: 3 }] }, /shard 1 has 3 rows but no url/],
    [{ entries: [{ ...full, rowCount: 0.5 }, empty] }, /row_count of shard 0 must be an integer, got 0\.5/],
    [{ entries: [{ ...full, bytes: -1 }, empty] }, /db_bytes of shard 0 must be 0 or more/],
    [{ entries: [{ ...full, bytes: 2 ** 60 }, empty] }, /db_bytes of shard 0 has 19 digits/],
    [{ runId: '\ud800' }, /build_meta\.run_id must be well-formed text/],
    [{ createdAt: 'today' }, /created_at must be a timestamp/],
    [{ custom: { when: new Date(0) } }, /custom must be JSON data: when: object/],
    [{ custom: { ratio: Number.NaN } }, /custom must be JSON data: ratio: NaN/],
    [{ formatVersion: 3 as never }, /format_version must be 4, got 3/],
    [
      { sharding: { strategy: 'cel', hashAlgorithm: 'xxh3_64', celExpr: 'k', celColumns: { k: 'int' }, routingValues: [1n] } },
      /num_dbs must be 1, one per routing value, got 2/,
    ],
  ]
  for (const [changes, message] of cases) {
    await assert.rejects(encodeManifest(manifestOf(changes)), (error: { code: string; message: string; details: { peer: string } }) => {
      assert.equal(error.code, 'SHARD_MANIFEST')
      assert.equal(error.details.peer, 'ManifestBuildError')
      assert.match(error.message, message)
      return true
    })
  }
})

test('the codec gives back all memory, after failures too', async () => {
  v8.setFlagsFromString('--expose-gc')
  const collect = vm.runInNewContext('gc') as () => void
  const good = fixture('hash-int')
  const bad = await mutate(good, "update shards set row_count='x' where db_id=3")
  const torn = await mutate(good, 'drop table shards')
  const round = async (): Promise<void> => {
    await decodeManifest(good, 'test')
    await assert.rejects(decodeManifest(bad, 'test'))
    await assert.rejects(decodeManifest(torn, 'test'))
    await encodeManifest(manifestOf())
  }
  const held = (): number => {
    collect()
    const { rss, external } = process.memoryUsage()
    return Math.max(rss, external)
  }
  for (let i = 0; i < 150; i += 1) await round()
  const before = held()
  for (let i = 0; i < 700; i += 1) await round()
  // 2,100 decodes and 700 encodes: one image left behind each time would be 34 MB, one open database more.
  const growth = held() - before
  assert.ok(growth < 12e6, `grew by ${growth} bytes`)
})

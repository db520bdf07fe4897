import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readdirSync } from 'node:fs'
import { test } from 'node:test'
import fc from 'fast-check'
import { decodeManifest, encodeManifest } from '#dist/snapshot/manifest/manifest-codec.js'
import { emptyShard, type Manifest, type ManifestShard } from '#dist/snapshot/manifest/manifest.js'
import { parseTimestamp } from '#dist/text/timestamps.js'
import { withDatabase } from '../../support/sqlite.js'
import { golden, vectors } from '../../support/golden.js'
import { MemoryTrend } from '@shardyfusion/test-support/memory-trend'
import { fixture, mutate } from './support/images.js'
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
const untag = (key: Tagged) =>
  key === null ? undefined : key.type === 'int' ? BigInt(key.value) : key.value

const rowsOf = (image: Uint8Array, table: string): unknown[][] =>
  withDatabase(image, (database) => [...database.rows(`SELECT * FROM ${table}`)])

/** `custom` without the digest, which the reference does not write. */
const withoutDigest = (cell: unknown): unknown =>
  typeof cell === 'string' ? cell.replace(/"cells_sha256": "[0-9a-f]{64}"(?:, )?/, '') : cell

function expectedShard(row: ManifestVector['parsed']['shards'][number]): ManifestShard {
  const {
    stage_id: stageId,
    task_attempt_id: taskAttemptId,
    attempt,
    duration_ms: durationMs,
  } = row.writer_info
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
for (const [name, { sha256, build_meta_row: row, parsed, shard_rows: shardRows }] of Object.entries(
  manifests,
)) {
  test(`decodeManifest: reads the reference's ${name}`, async () => {
    const bytes = fixture(name)
    assert.equal(createHash('sha256').update(bytes).digest('hex'), sha256)
    const manifest = await decodeManifest(bytes, 'test')

    const present = new Map(parsed.shards.map((shard) => [shard.db_id, expectedShard(shard)]))
    const entries = Array.from(
      { length: parsed.num_dbs },
      (_, id) => present.get(id) ?? emptyShard(id),
    )
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
      sharding: {
        strategy: parsed.strategy,
        hashAlgorithm: 'xxh3_64',
        ...(parsed.strategy === 'cel' ? cel : {}),
      },
      dbPathTemplate: row.db_path_template,
      shardPrefix: row.shard_prefix,
      formatVersion: 4,
      keyEncoding: parsed.key_encoding,
      custom: parsed.custom,
      entries,
    })
    assert.equal(
      parseTimestamp(manifest.createdAt),
      parseTimestamp(parsed.created_at.replace('+00:00', 'Z')),
    )
  })

  test(`encodeManifest: writes the rows and the schema of the reference's ${name}, and a digest`, async () => {
    const ours = await encodeManifest(await decodeManifest(fixture(name), 'test'))
    for (const table of ['shards', 'sqlite_schema']) {
      assert.deepEqual(rowsOf(ours, table), rowsOf(fixture(name), table), table)
    }
    const buildMeta = rowsOf(ours, 'build_meta').map((cells) => cells.map(withoutDigest))
    assert.deepEqual(buildMeta, rowsOf(fixture(name), 'build_meta'))
    // Against the vectors too, since both sides above were read by the same code.
    const asNumbers = (values: unknown[]) =>
      values.map((value) => (typeof value === 'bigint' ? Number(value) : value))
    assert.deepEqual(buildMeta.map(asNumbers), [Object.values(row)])
    assert.deepEqual(
      rowsOf(ours, 'shards').map(asNumbers),
      shardRows.map((shard) => Object.values(shard)),
    )
  })
}

for (const name of readdirSync(new URL('../../../test/golden/bucket/', import.meta.url))) {
  test(`decodeManifest: reads the manifest of the reference snapshot "${name}"`, async () => {
    const snapshot = vectors<{
      snapshots: Record<string, { run_id: string; num_dbs?: number; s3_prefix: string }>
    }>('bucket_fixture').snapshots[name]!
    const manifest = await decodeManifest(golden(`bucket/${name}/manifest`), 'test')
    assert.equal(manifest.runId, snapshot.run_id)
    if (snapshot.num_dbs !== undefined) assert.equal(manifest.shards, snapshot.num_dbs)
    assert.equal(manifest.prefix, snapshot.s3_prefix)
    assert.equal(manifest.entries.length, manifest.shards)
    for (const { url } of manifest.entries)
      assert.ok(url === undefined || url.startsWith(`${snapshot.s3_prefix}/shards/`))
  })
}

test('decodeManifest: other page sizes and UTF-16 make no difference', async () => {
  const expected = await decodeManifest(fixture('hash-str'), 'test')
  for (const pragma of [
    'page_size = 512',
    'page_size = 65536',
    "encoding = 'UTF-16le'",
    "encoding = 'UTF-16be'",
  ]) {
    const tables = ['build_meta', 'shards'] as const
    const schema = rowsOf(fixture('hash-str'), 'sqlite_schema')
    const rows = tables.map((table) => rowsOf(fixture('hash-str'), table))
    const image = withDatabase(undefined, (database) => {
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
    [
      { entries: [{ ...full, rowCount: 0.5 }, empty] },
      /row_count of shard 0 must be an integer, got 0\.5/,
    ],
    [{ entries: [{ ...full, bytes: -1 }, empty] }, /db_bytes of shard 0 must be 0 or more/],
    [{ entries: [{ ...full, bytes: 2 ** 60 }, empty] }, /db_bytes of shard 0 has 19 digits/],
    [{ runId: '\ud800' }, /build_meta\.run_id must be well-formed text/],
    [{ createdAt: 'today' }, /created_at must be a timestamp/],
    [{ custom: { when: new Date(0) } }, /custom must be JSON data: when: object/],
    [{ custom: { ratio: Number.NaN } }, /custom must be JSON data: ratio: NaN/],
    [{ formatVersion: 3 as never }, /format_version must be 4, got 3/],
    [
      {
        sharding: {
          strategy: 'cel',
          hashAlgorithm: 'xxh3_64',
          celExpr: 'k',
          celColumns: { k: 'int' },
          routingValues: [1n],
        },
      },
      /num_dbs must be 1, one per routing value, got 2/,
    ],
  ]
  for (const [changes, message] of cases) {
    await assert.rejects(
      encodeManifest(manifestOf(changes)),
      (error: { code: string; message: string; details: { peer: string } }) => {
        assert.equal(error.code, 'SHARD_MANIFEST')
        assert.equal(error.details.peer, 'ManifestBuildError')
        assert.match(error.message, message)
        return true
      },
    )
  }
})

test('the codec gives back all memory, after failures too', async () => {
  const good = fixture('hash-int')
  const bad = mutate(good, "update shards set row_count='x' where db_id=3")
  const torn = mutate(good, 'drop table shards')
  const round = async (): Promise<void> => {
    await decodeManifest(good, 'test')
    await assert.rejects(decodeManifest(bad, 'test'))
    await assert.rejects(decodeManifest(torn, 'test'))
    await encodeManifest(manifestOf())
  }
  const memory = new MemoryTrend()
  for (let part = 0; part < 12; part++) {
    for (let i = 0; i < 70; i++) await round()
    await memory.read()
  }
  // One image left behind by each decode would be 10 MB from the earlier to the later rounds, one open database more.
  memory.assertNoGrowth({ heap: 2 ** 19, resident: 2 ** 23 })
})

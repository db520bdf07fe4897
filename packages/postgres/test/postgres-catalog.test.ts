import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { SnapshotReader, writeSnapshot } from '@shardyfusion/core'
import type { Catalog } from '@shardyfusion/core/extend'
import { cleanupSnapshots, listSnapshots, rollbackSnapshot } from '@shardyfusion/core/maintain'
import { clearMemoryStore, runCatalogConformance } from '@shardyfusion/core/testing'
import { postgresCatalog } from '@shardyfusion/postgres'
import pg from 'pg'
import { manifestOf } from './support/manifest.js'
import { startPostgres } from './support/postgres-server.js'

const server = await startPostgres()
after(() => server.stop())
console.log(`tests run on ${server.version}`)

let names = 0

/** A catalog with tables that no other test uses. */
function open(changes: Partial<Parameters<typeof postgresCatalog>[0]> = {}): Promise<Catalog> {
  const n = names++
  return postgresCatalog({
    prefix: `memory://postgres-${n}/prices`,
    connectionString: server.url,
    table: `manifests_${n}`,
    pointerTable: `pointer_${n}`,
    // PGlite serves one session at a time.
    ...(!server.isReal && { maxConnections: 1 }),
    ...changes,
  })
}

async function query(text: string, values: unknown[] = []): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: server.url })
  await client.connect()
  try {
    return (await client.query<Record<string, unknown>>(text, values)).rows
  } finally {
    await client.end()
  }
}

/** For tests that need several sessions at once. */
const withSessions = { skip: server.isReal ? false : 'PGlite serves one session at a time' }

runCatalogConformance({
  test,
  name: 'postgresCatalog',
  open: () => open(),
  republication: 'replaces',
})

test('a snapshot is built, read, moved back and cleaned up with a catalog in PostgreSQL', async (t) => {
  t.after(() => clearMemoryStore('postgres-life'))
  const prefix = 'memory://postgres-life/prices'
  const catalog = await open({ prefix })
  t.after(() => catalog.close?.())
  const options = { prefix, catalog, sharding: { shards: 2 }, values: 'utf8' } as const
  const rows = (value: string): [string, string][] => ['a', 'b', 'c'].map((key) => [key, value])
  const encoded = { ...options, keyEncoding: 'utf8' } as const
  const first = await writeSnapshot(rows('one'), encoded)
  const reader = await SnapshotReader.open({ prefix, catalog, values: 'utf8' })
  t.after(() => reader.close())
  assert.equal(await reader.get('b'), 'one')
  await writeSnapshot(rows('two'), encoded)
  await reader.refresh()
  assert.equal(await reader.get('b'), 'two')
  await rollbackSnapshot({ prefix, catalog, runId: first.runId })
  await reader.refresh()
  assert.equal(await reader.get('b'), 'one')
  const listed = await listSnapshots({ prefix, catalog })
  assert.deepEqual(
    listed.map(({ runId, isCurrent }) => [runId === first.runId, isCurrent]),
    [
      [false, false],
      [true, true],
    ],
  )
  await cleanupSnapshots({ prefix, catalog, keepLast: 1 })
  assert.equal(await reader.get('c'), 'one')
})

test('text keys stay out of the columns that the Python project parses twice, and come back', async (t) => {
  const catalog = await open()
  t.after(() => catalog.close?.())
  const table = `manifests_${names - 1}_shards`
  const manifest = manifestOf('text')
  await catalog.manifests.publish(manifest)
  assert.deepEqual(await query(`SELECT min_key, max_key FROM ${table}`), [
    { min_key: null, max_key: null },
  ])
  assert.deepEqual(await catalog.manifests.loadManifest('text'), manifest)
})

test('a manifest that the Python project wrote is read, with large integers and text keys', async (t) => {
  const catalog = await open()
  t.after(() => catalog.close?.())
  const [builds, shards] = [`manifests_${names - 1}_builds`, `manifests_${names - 1}_shards`]
  const sharding = {
    strategy: 'hash',
    routing_values: null,
    cel_expr: null,
    cel_columns: null,
    hash_algorithm: 'xxh3_64',
  }
  await query(
    `INSERT INTO ${builds} (run_id, created_at, num_dbs, s3_prefix, sharding, custom)
      VALUES ('py', '2026-05-06 07:08:09.000001+02', 2, 's3://b/p/', $1, '{"big": 9007199254740993}')`,
    [JSON.stringify(sharding)],
  )
  const info = { attempt: 0, duration_ms: 5, stage_id: null, task_attempt_id: null }
  await query(
    `INSERT INTO ${shards} (run_id, db_id, db_url, row_count, db_bytes, min_key, max_key, checkpoint_id, writer_info)
      VALUES ('py', 1, 's3://b/p/shards/run_id=py/db=00001/attempt=00', 3, 17, '-9223372036854775808', '"123"', 'c', $1)`,
    [JSON.stringify(info)],
  )
  // Without a pointer, the newest build is current.
  const current = await catalog.manifests.loadCurrent()
  assert.deepEqual(current, {
    ref: 'py',
    runId: 'py',
    publishedAt: '2026-05-06T05:08:09.000001+00:00',
    publishedMicros: 1_778_044_089_000_001n,
  })
  const manifest = await catalog.manifests.loadManifest('py')
  assert.equal(manifest.createdAt, '2026-05-06T05:08:09.000001+00:00')
  assert.deepEqual(manifest.custom, { big: 9_007_199_254_740_993n })
  assert.equal(manifest.keyColumn, '_key')
  assert.equal(manifest.entries[0]!.url, undefined)
  assert.deepEqual(
    [manifest.entries[1]!.minKey, manifest.entries[1]!.maxKey, manifest.entries[1]!.bytes],
    [-(2n ** 63n), '123', 17],
  )
})

test('content that the columns cannot store is refused before anything is written', async (t) => {
  const catalog = await open()
  t.after(() => catalog.close?.())
  const [entry] = manifestOf('large').entries
  const large = manifestOf('large', { entries: [{ ...entry!, rowCount: 2 ** 31 }] })
  await assert.rejects(catalog.manifests.publish(large), {
    code: 'SHARD_MANIFEST',
    message: /shard 0 must have at most 2147483647 rows .*got 2147483648; use more shards/,
  })
  const withNull = manifestOf('null', { custom: { text: 'a\0b' } })
  await assert.rejects(catalog.manifests.publish(withNull), {
    code: 'SHARD_MANIFEST',
    message: /custom must not contain U\+0000/,
  })
  assert.equal(await catalog.manifests.loadCurrent(), undefined)
})

test(
  'publishers at the same time, also of other processes, get one order',
  withSessions,
  async (t) => {
    const first = await open()
    const n = names - 1
    const shared = { table: `manifests_${n}`, pointerTable: `pointer_${n}` }
    const others = await Promise.all([open(shared), open(shared)])
    const catalogs = [first, ...others]
    t.after(() => Promise.all(catalogs.map(async (catalog) => catalog.close?.())))
    const runs = Array.from({ length: 30 }, (_, i) => `run-${i}`)
    const refs = await Promise.all(
      runs.map((runId, i) => catalogs[i % 3]!.manifests.publish(manifestOf(runId))),
    )
    const times = refs.map(({ publishedMicros }) => publishedMicros)
    assert.equal(new Set(times).size, runs.length)
    const newest = refs.reduce((a, b) => (a.publishedMicros > b.publishedMicros ? a : b))
    assert.equal((await first.manifests.loadCurrent())?.runId, newest.runId)
    const listed = await first.manifests.listManifests(100)
    assert.equal(listed[0]!.runId, newest.runId)
    assert.equal(listed.length, runs.length)
  },
)

test(
  'tables are created once by many openers, and read by a role that may not create any',
  withSessions,
  async (t) => {
    const n = names++
    const shared = { table: `together_${n}`, pointerTable: `together_pointer_${n}` }
    const catalogs = await Promise.all(Array.from({ length: 6 }, () => open(shared)))
    t.after(() => Promise.all(catalogs.map(async (catalog) => catalog.close?.())))
    await catalogs[0]!.manifests.publish(manifestOf('seen'))
    await query(
      `CREATE ROLE looker_${n} LOGIN; GRANT SELECT ON ALL TABLES IN SCHEMA public TO looker_${n}`,
    )
    const url = server.url.replace('tester', `looker_${n}`)
    const reader = await open({ ...shared, connectionString: url })
    t.after(() => reader.close?.())
    assert.equal((await reader.manifests.loadCurrent())?.runId, 'seen')
    await assert.rejects(reader.manifests.publish(manifestOf('refused')), {
      code: 'SHARD_PUBLISH',
      message: /permission denied.*grant the role the missing right/,
    })
    const missing = {
      connectionString: url,
      table: `missing_${n}`,
      pointerTable: `missing_pointer_${n}`,
    }
    await assert.rejects(open(missing), {
      code: 'SHARD_INVALID_OPTION',
      message: /tables missing_\d+_builds, .* could not be created: .*permission denied/,
    })
  },
)

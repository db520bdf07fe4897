import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { SnapshotReaderSync, writeSnapshotSync } from '@shardyfusion/sync'
import { startPostgres } from './support/postgres-server.js'

const server = await startPostgres()
const folder = mkdtempSync(join(tmpdir(), 'shardyfusion-postgres-sync-'))
after(async () => {
  await server.stop()
  rmSync(folder, { recursive: true, force: true })
})

test('a script without await publishes to PostgreSQL, and reads from there', (t) => {
  // This thread waits for the worker, so PGlite, which runs in this thread, cannot answer.
  if (!server.isReal) return t.skip('PGlite runs in the thread that waits')
  const prefix = pathToFileURL(join(folder, 'prices')).href
  const catalog = {
    origin: {
      module: import.meta.resolve('@shardyfusion/postgres'),
      export: 'postgresCatalog',
      options: { prefix, connectionString: server.url },
    },
  }
  const rows: [number, string][] = [[1, 'one'], [2, 'two']] // prettier-ignore
  const options = { prefix, catalog, sharding: { shards: 2 }, values: 'utf8' } as const
  const { manifestRef, runId } = writeSnapshotSync(rows, options)
  assert.equal(manifestRef, runId)
  const reader = SnapshotReaderSync.open({ prefix, catalog, values: 'utf8' })
  t.after(() => reader.close())
  assert.equal(reader.get(2), 'two')
})

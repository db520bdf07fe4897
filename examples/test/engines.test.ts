import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { SnapshotReader, slatedb, writeSnapshot } from '@shardyfusion/core'
import { SnapshotReaderSync } from '@shardyfusion/sync'
import { memoryEngine } from '#dist/memory-engine.js'

const rows = new Map(Array.from({ length: 100 }, (_, i) => [i, `value ${i}`]))
const sharding = { shards: 3 }

test('engines: settings belong to the engine', async () => {
  const prefix = 'memory://engines-settings'
  const values = 'utf8'
  // #region settings
  const engine = slatedb({ settings: { compression: 'zstd' } })
  await writeSnapshot(rows, { prefix, sharding, engine, values })
  // #endregion
  await using reader = await SnapshotReader.open({ prefix, values })
  assert.equal(await reader.get(42), 'value 42')
})

test('engines: a custom engine with an origin works in worker threads and without await', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'shardyfusion-engines-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  const prefix = pathToFileURL(folder).href
  const engine = memoryEngine({ file: 'rows' })
  await writeSnapshot(rows, { prefix, sharding, engine, workers: 2, values: 'utf8' })
  using reader = SnapshotReaderSync.open({ prefix, engine, values: 'utf8' })
  assert.equal(reader.get(42), 'value 42')
  assert.equal(reader.info().shardFormat, 'memory-example')
})

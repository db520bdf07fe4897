import assert from 'node:assert/strict'
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { type SnapshotWriterOptions, writeSnapshot } from '@shardyfusion/core'
import { wrapEngine } from '@shardyfusion/core/extend'
import type { EngineReader } from '@shardyfusion/core/extend'
import { ExistenceReader } from './existence-reader.js'
import { memoryCatalog } from './memory-catalog.js'
import { toyEngine } from './toy-engine.js'

const temporary = mkdtempSync(join(tmpdir(), 'shardyfusion-session-'))
after(() => rmSync(temporary, { recursive: true, force: true }))
let folders = 0
const newPrefix = (): string => pathToFileURL(join(temporary, `snapshots-${folders++}`)).href

function publish(prefix: string, keys: readonly number[], o: Partial<SnapshotWriterOptions> = {}) {
  const rows = keys.map((key) => [key, Uint8Array.of(key)] as const)
  return writeSnapshot(rows, { prefix, sharding: { shards: 4 }, ...o, values: 'bytes' })
}

test('a reader of another package: lookups, refresh, and a call that keeps its snapshot', async () => {
  const prefix = newPrefix()
  await publish(prefix, [1, 2, 3])
  await using reader = await ExistenceReader.open({ prefix })
  assert.deepEqual(await Promise.all([1, 2, 9].map((key) => reader.has(key))), [true, true, false])
  assert.equal(await reader.refresh(), false)
  await publish(prefix, [9])
  const before = reader.has(3)
  assert.equal(await reader.refresh(), true)
  assert.equal(await before, true)
  // Answers belong to one snapshot.
  assert.deepEqual(await Promise.all([1, 9].map((key) => reader.has(key))), [false, true])
  assert.equal(reader.health().status, 'healthy')
  await reader.close()
  await assert.rejects(() => reader.has(1), /ExistenceReader\.has: this reader is closed/)
  assert.equal(reader.health().isClosed, true)
})

test('a reader of another package: it falls back when the current manifest is damaged, and says so', async () => {
  const prefix = newPrefix()
  const first = await publish(prefix, [1])
  const second = await publish(prefix, [2])
  writeFileSync(fileURLToPath(second.manifestRef), 'damaged')
  await using reader = await ExistenceReader.open({ prefix })
  assert.equal(reader.info().runId, first.runId)
  assert.equal(reader.info().fellBack, true)
  assert.equal(reader.health().status, 'degraded')
  assert.equal(await reader.has(1), true)
  await publish(prefix, [3])
  assert.equal(await reader.refresh(), true)
  assert.equal(await reader.has(3), true)
  assert.equal(reader.health().status, 'healthy')
})

test('a reader of another package: it may be pinned to a run', async () => {
  const prefix = newPrefix()
  const { runId } = await publish(prefix, [1])
  await publish(prefix, [2])
  await using reader = await ExistenceReader.open({ prefix, runId })
  assert.equal(await reader.has(1), true)
  assert.equal(await reader.refresh(), false)
})

test('a reader of another package: it reads a copy where the copy is', async () => {
  const [prefix, copy] = [newPrefix(), newPrefix()]
  await publish(prefix, [1])
  cpSync(fileURLToPath(prefix), fileURLToPath(copy), { recursive: true })
  rmSync(fileURLToPath(prefix), { recursive: true })
  await assert.rejects(() => ExistenceReader.open({ prefix: copy }), /shardUrls: 'rebase'/)
  await using reader = await ExistenceReader.open({ prefix: copy, shardUrls: 'rebase' })
  assert.equal(await reader.has(1), true)
})

test('a reader of another package: its shards share a pool, on any engine and catalog', async () => {
  const prefix = newPrefix()
  const catalog = memoryCatalog()
  const inner = toyEngine()
  let open = 0
  let most = 0
  const engine = wrapEngine(inner, {
    openReader: async (options) => {
      const reader: EngineReader = await inner.openReader(options)
      most = Math.max(most, ++open)
      const close = reader.close.bind(reader)
      reader.close = () => {
        open--
        return close()
      }
      return reader
    },
  })
  const keys = Array.from({ length: 40 }, (_, i) => i)
  await publish(prefix, keys, { engine, catalog })
  await using reader = await ExistenceReader.open({ prefix, engine, catalog, maxOpenShards: 2 })
  const found = await Promise.all([...keys, 99].map((key) => reader.has(key)))
  assert.deepEqual(found, [...keys.map(() => true), false])
  assert.ok(most <= 2, `${most} shards were open at a time`)
  assert.equal(reader.info().shardFormat, 'toy-sqlite')
  await reader.close()
  assert.equal(open, 0)
})

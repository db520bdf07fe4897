import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { pathToFileURL } from 'node:url'
import {
  formatSnapshotPlan,
  parseSnapshotPlan,
  planSnapshot,
  publishSnapshot,
  writeShardAttempt,
} from '@shardyfusion/core/tasks'
import { isShardyfusionError, SnapshotReader, writeSnapshot } from '@shardyfusion/core'
import {
  type ObjectStore,
  packEntries,
  type ShardEngine,
  wrapEngine,
} from '@shardyfusion/core/extend'
import { runEngineConformance, runObjectStoreConformance } from '@shardyfusion/core/testing'
import { SnapshotReaderSync, writeSnapshotSync } from '@shardyfusion/sync'
import { toyEngine } from './toy-engine.js'
import { BUCKET, toyStore } from './toy-store.js'

const temporary = mkdtempSync(join(tmpdir(), 'shardyfusion-matrix-'))
after(() => rmSync(temporary, { recursive: true, force: true }))
let folders = 0
const newFolder = (): string => mkdtempSync(join(temporary, `${folders++}-`))

/** Files below a folder, by their last name. */
function files(folder: string): string[] {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true })
  return entries.filter((entry) => entry.isFile()).map(({ name }) => name)
}

const shared = await toyStore({ folder: newFolder() })
let shards = 0
runEngineConformance({
  test,
  engine: toyEngine({ pageEntries: 3 }),
  objects: shared,
  newShardUrl: () => `${BUCKET}/conformance/shard-${shards++}`,
})
runObjectStoreConformance({
  test,
  name: 'toy store',
  open: async () => ({ store: await toyStore({ folder: newFolder() }), root: `${BUCKET}/root` }),
})

const ROWS = Array.from({ length: 300 }, (_, i): [number, string] => [i, `value ${i}`])

interface Cell {
  readonly prefix: string
  readonly engine?: ShardEngine | undefined
  readonly objects?: ObjectStore | undefined
}

const build = { sharding: { shards: 3 }, values: 'utf8' } as const

/** How a snapshot comes to be, and is read where its caller would read it. */
const MODES: Record<string, { write(cell: Cell): Promise<unknown>; read(cell: Cell): unknown }> = {
  'in this thread': {
    write: (cell) => writeSnapshot(ROWS, { ...cell, ...build }),
    read: readHere,
  },
  workers: {
    write: (cell) => writeSnapshot(ROWS, { ...cell, ...build, workers: 2 }),
    read: readHere,
  },
  sync: {
    write: async (cell) => writeSnapshotSync(ROWS, { ...cell, ...build }),
    read: readSync,
  },
  'sync and workers': {
    write: async (cell) => writeSnapshotSync(ROWS, { ...cell, ...build, workers: 2 }),
    read: readSync,
  },
  tasks: { write: writeByTasks, read: readHere },
}

async function readHere(cell: Cell): Promise<unknown> {
  await using reader = await SnapshotReader.open({ ...cell, values: 'utf8' })
  return await reader.getMany(ROWS.map(([key]) => key))
}

function readSync(cell: Cell): unknown {
  using reader = SnapshotReaderSync.open({ ...cell, values: 'utf8' })
  return reader.getMany(ROWS.map(([key]) => key))
}

/** Every task has the plan and nothing else, as in another process. */
async function writeByTasks(cell: Cell): Promise<void> {
  const line = formatSnapshotPlan(
    await planSnapshot({ ...cell, sharding: { shards: 1 }, keyEncoding: 'utf8' }),
  )
  const entries = ROWS.map(
    ([key, value]) => [Buffer.from(String(key)), Buffer.from(value)] as const,
  )
  const chunk = packEntries(entries.toSorted(([a], [b]) => Buffer.compare(a, b)))
  const result = await writeShardAttempt(parseSnapshotPlan(line), 0, [chunk])
  await publishSnapshot(parseSnapshotPlan(line), [result])
}

type Kind = 'ours' | 'own' | 'own without origin'
const KINDS: readonly Kind[] = ['ours', 'own', 'own without origin']

for (const engineKind of KINDS) {
  for (const storeKind of KINDS) {
    for (const [mode, { write, read }] of Object.entries(MODES)) {
      const isStuck = [engineKind, storeKind].includes('own without origin')
      const isRefused = isStuck && mode !== 'in this thread'
      const outcome = isRefused ? 'refused before anything is written' : 'written and read'
      test(`engine: ${engineKind}, store: ${storeKind}, ${mode}: ${outcome}`, async () => {
        const folder = newFolder()
        const own = await toyStore({ folder })
        const cell: Cell = {
          prefix: storeKind === 'ours' ? pathToFileURL(folder).href : `${BUCKET}/snapshots`,
          ...(engineKind === 'own' && { engine: toyEngine({ pageEntries: 5 }) }),
          ...(engineKind === 'own without origin' && { engine: wrapEngine(toyEngine(), {}) }),
          ...(storeKind === 'own' && { objects: own }),
          ...(storeKind === 'own without origin' && { objects: { ...own, origin: undefined } }),
        }
        if (isRefused) {
          await assert.rejects(
            async () => write(cell),
            (error) => {
              assert.ok(isShardyfusionError(error) && error.code === 'SHARD_INVALID_OPTION')
              assert.match(error.message, /(engine|objects) must have an origin/)
              return true
            },
          )
          if (mode.startsWith('sync')) assert.throws(() => readSync(cell), /must have an origin/)
          assert.deepEqual(files(folder), [])
          return
        }
        await write(cell)
        const found = files(folder)
        assert.equal(found.includes('toy.db'), engineKind !== 'ours', found.join())
        assert.equal(
          found.some((name) => name.endsWith('.sst')),
          engineKind === 'ours',
        )
        assert.ok(found.includes('_CURRENT'))
        if (mode === 'tasks') return assert.equal(await countTasks(cell), ROWS.length)
        assert.deepEqual(
          await read(cell),
          ROWS.map(([, value]) => value),
        )
      })
    }
  }
}

async function countTasks(cell: Cell): Promise<number> {
  await using reader = await SnapshotReader.open(cell)
  const values = await reader.getMany(ROWS.map(([key]) => String(key)))
  return values.filter((value) => value !== undefined).length
}

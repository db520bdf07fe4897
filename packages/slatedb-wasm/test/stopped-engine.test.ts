import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { HeldMemory } from '@shardyfusion/test-support/held-memory'
import { MemoryStore, SlateDbError, SlateDbReader, SlateDbWriter } from 'slatedb-wasm'
import { stopEngine } from './support/stop-engine.js'
import { numberedRows, writeDatabase } from './support/rows.js'

const CHILD = fileURLToPath(new URL('./support/stopping-child.js', import.meta.url))
const MIB = 1 << 20

test('an engine that stops is told apart: Stopped where it worked, Interrupted everywhere else', async () => {
  const store = new MemoryStore()
  const rows = numberedRows(100)
  await writeDatabase(store, rows)
  const reader = await SlateDbReader.open({ store })
  await reader.get(rows[0]![0])
  const scan = reader.scan()
  assert.equal((await scan.nextChunk(10))!.count, 10)
  const writer = await SlateDbWriter.open({ store: new MemoryStore() })
  await writer.write(rows)

  const stopped = await stopEngine()
  assert.ok(stopped instanceof SlateDbError)
  assert.equal(stopped.kind, 'Stopped')
  const interrupted = { name: 'SlateDbError', kind: 'Interrupted' }
  await assert.rejects(reader.get(rows[0]![0]), interrupted)
  assert.throws(() => reader.peek(rows[0]![0]), interrupted)
  await assert.rejects(scan.nextChunk(10), interrupted)
  await assert.rejects(writer.flush(), interrupted)
  scan.close()
  await reader.close()
  await assert.rejects(writer.close(), interrupted)

  await using again = await SlateDbReader.open({ store })
  assert.deepEqual(await again.get(rows[7]![0]), rows[7]![1])
})

test('a call that waits for its store when another one stops the engine is Interrupted', async () => {
  const store = new MemoryStore()
  await writeDatabase(store, numberedRows(100))
  let answer = (): void => {}
  const answered = new Promise<undefined>((resolve) => (answer = () => resolve(undefined)))
  const waiting = SlateDbReader.open({
    store: {
      get: () => answered,
      head: (path) => store.head(path),
      put: () => false,
      list: (prefix) => store.list(prefix),
      delete: () => undefined,
    },
  })
  const refused = assert.rejects(waiting, { kind: 'Interrupted' })
  // Its list and first request are under way by the time the other one has been opened.
  await stopEngine()
  await refused
  answer()
})

test('memory is the same after 200 engines that stopped', async (t) => {
  const { stdout } = await promisify(execFile)(process.execPath, [CHILD, '200'], {
    timeout: 120_000,
  })
  const { before, after } = JSON.parse(stdout) as Record<'before' | 'after', HeldMemory>
  t.diagnostic(stdout.trim())
  // An engine takes about 5 MiB, so one in fifty kept would be seen.
  assert.ok(after.heap - before.heap <= 16 * MIB, 'memory of engines')
  assert.ok(after.resident - before.resident <= 64 * MIB, 'the memory of the process')
})

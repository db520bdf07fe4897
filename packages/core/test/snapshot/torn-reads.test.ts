import assert from 'node:assert/strict'
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { SnapshotReader } from '@shardyfusion/core'
import { tempPrefix } from '@shardyfusion/test-support/temp-folder'
import { trapUnhandledRejections } from '../support/unhandled.js'
import { publishGeneration, type TornJob } from './torn-child.js'

trapUnhandledRejections()

const CHILD = fileURLToPath(new URL('./torn-child.js', import.meta.url))
const ROWS = 60

test('while another process publishes, every call sees one generation, and never an older one', async (t) => {
  const prefix = tempPrefix()
  const job: TornJob = { prefix, rows: ROWS, generations: 25 }
  await publishGeneration(job, 0)
  const child = fork(CHILD, [JSON.stringify(job)])
  const ended = once(child, 'exit')
  t.after(async () => {
    child.kill('SIGKILL')
    await ended
  })
  let published = 0
  child.on('message', (generation: number) => (published = generation))
  const running = (): boolean => child.exitCode === null && child.signalCode === null

  const reader = await SnapshotReader.open({
    prefix,
    keys: 'decoded',
    values: 'utf8',
    maxOpenShards: 2,
  })
  const keys = Array.from({ length: ROWS }, (_, i) => i)
  /** The one generation all values are of, each under its own key. */
  const generationOf = (values: readonly (string | undefined)[]): number => {
    const [first] = (values[0] ?? 'none').split(' ')
    assert.deepEqual(
      values,
      keys.map((key) => `${first} ${key}`),
    )
    return Number(first)
  }
  const scan = async (ordered: boolean): Promise<number> => {
    const found = keys.map(() => 'none')
    for await (const [key, value] of reader.scanIter({}, { ordered, chunkSize: 7 })) {
      found[Number(key)] = value
    }
    return generationOf(found)
  }
  const seen = new Set<number>()
  let calls = 0
  const watchGenerations = async (read: () => Promise<number>): Promise<void> => {
    let last = 0
    while (running()) {
      const generation = await read()
      assert.ok(generation >= last, `${generation} after ${last}`)
      last = generation
      seen.add(generation)
      calls++
    }
  }
  const refreshing = async (): Promise<void> => {
    while (running()) {
      const known = published
      await reader.refresh()
      const open = generationOf(await reader.getMany(keys))
      assert.ok(open >= known, `refreshed to ${open} after ${known} was published`)
    }
  }
  await Promise.all([
    refreshing(),
    watchGenerations(async () => generationOf(await reader.getMany(keys))),
    watchGenerations(() => scan(true)),
    watchGenerations(() => scan(false)),
  ])
  assert.deepEqual(await ended, [0, null])
  assert.equal(published, job.generations)
  await reader.refresh()
  assert.equal(generationOf(await reader.getMany(keys)), job.generations)
  assert.ok(seen.size > 3, `only ${seen.size} generations were seen`)
  t.diagnostic(`${calls} calls saw ${seen.size} of ${job.generations} generations`)
  await reader.close()
})

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test } from 'node:test'
import { Redis } from 'ioredis'
import type { LogEntry } from '@shardyfusion/serve'
import { soak } from '@shardyfusion/test-support/soak'
import { served } from './support/served.js'
import { numbered, publish, published } from './support/snapshot.js'

const KEYS = 500
const PUBLICATIONS = soak(4, 20)

test('publications under load: no error, no wrong value, no torn MGET', async (t) => {
  const prefix = await published({ rows: numbered(KEYS, 'run0') })
  const moves = new EventTarget()
  const { redisPort, url, log } = await served(t, {
    databases: [{ prefix }],
    refreshMs: 20,
    log: (entry: LogEntry) => {
      log.push(entry)
      if (entry.event === 'moved') moves.dispatchEvent(new Event('moved'))
    },
  })
  let newestRun = 0
  let isDone = false
  let lookups = 0
  const runOf = (value: string | null, key: number): number => {
    const [, run, of] = /^run(\d+)-(\d+)$/.exec(value ?? '') ?? []
    assert.equal(of, String(key))
    assert.ok(Number(run) <= newestRun)
    return Number(run)
  }
  const reading = Array.from({ length: 4 }, async (_, n) => {
    const redis = new Redis(redisPort)
    let newest = 0
    try {
      for (let i = n; !isDone; i++) {
        const keys = Array.from({ length: 40 }, (_2, j) => (i * 37 + j * 11) % KEYS)
        const single = redis.get(String(keys[0]))
        const some = redis.mget(keys.map(String))
        const last = redis.get(String(keys[1]))
        const first = runOf(await single, keys[0]!)
        const runs = new Set((await some).map((value, j) => runOf(value, keys[j]!)))
        assert.equal(runs.size, 1, 'one MGET saw two snapshots')
        const [run] = runs as unknown as Iterable<number>
        const second = runOf(await last, keys[1]!)
        // A connection never goes back.
        assert.ok(newest <= first && first <= run! && run! <= second)
        newest = second
        lookups += 42
        const response = await fetch(`${url}/v1/items/${keys[0]}`)
        const third = runOf(await response.text(), keys[0]!)
        const headers = { 'content-type': 'application/json' }
        const body = JSON.stringify({ keys })
        const batch = await fetch(`${url}/v1/items:batch`, { method: 'POST', headers, body })
        const { items } = (await batch.json()) as { items: { value: string }[] }
        const ofBatch = new Set(items.map(({ value }, j) => runOf(value, keys[j]!)))
        assert.equal(ofBatch.size, 1, 'one request saw two snapshots')
        const [fourth] = ofBatch as unknown as Iterable<number>
        assert.ok(newest <= third && third <= fourth!)
      }
    } finally {
      redis.disconnect()
    }
  })
  for (let run = 1; run <= PUBLICATIONS; run++) {
    const moved = once(moves, 'moved')
    newestRun = run
    await publish(prefix, { rows: numbered(KEYS, `run${run}`) })
    await Promise.race([moved, ...reading])
  }
  isDone = true
  await Promise.all(reading)
  assert.ok(lookups > 0)
  assert.deepEqual(
    log.filter(({ level }) => level !== 'info'),
    [],
  )
})

test('a moved server serves another key encoding, and no cached reply of the old snapshot', async (t) => {
  const prefix = await published({ rows: numbered(10) })
  const moves = new EventTarget()
  const { redisPort, url } = await served(t, {
    databases: [{ prefix }],
    refreshMs: 20,
    log: ({ event }) => void moves.dispatchEvent(new Event(event)),
  })
  const redis = new Redis(redisPort)
  t.after(() => redis.disconnect())
  assert.equal(await redis.get('1'), 'value-1')
  assert.equal(await redis.get('99'), null)
  const overHttp = async (key: string) => (await fetch(`${url}/v1/items/${key}`)).text()
  assert.equal(await overHttp('2'), 'value-2')
  assert.match(await overHttp('99'), /NOT_FOUND/)
  const moved = once(moves, 'moved')
  await publish(prefix, {
    keyEncoding: 'utf8',
    rows: [
      ['99', 'text'],
      ['key', 'new'],
    ],
  })
  await moved
  assert.deepEqual(await redis.mget('1', '99', 'key'), [null, 'text', 'new'])
  assert.equal(await redis.get('1'), null)
  assert.equal(await redis.get('99'), 'text')
  assert.equal(await redis.dbsize(), 2)
  assert.match(await overHttp('2'), /NOT_FOUND/)
  assert.equal(await overHttp('99'), 'text')
})

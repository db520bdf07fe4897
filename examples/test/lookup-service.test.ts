import assert from 'node:assert/strict'
import { once } from 'node:events'
import { rename } from 'node:fs/promises'
import { get, type IncomingMessage } from 'node:http'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { writeSnapshot } from '@shardyfusion/core'
import { type ServiceOptions, startService } from '#dist/lookup-service.js'
import type { Output } from '#dist/support/program.js'
import { Child, NO_SIGNALS } from './support/child.js'
import { tempFolder } from '@shardyfusion/test-support/temp-folder'

/** Log lines as objects, and a way to wait for one. */
class Log implements Output {
  readonly lines: Record<string, unknown>[] = []
  #wake: (() => void)[] = []

  write(text: string): void {
    this.lines.push(JSON.parse(text) as Record<string, unknown>)
    for (const wake of this.#wake.splice(0)) wake()
  }

  async line(message: string): Promise<Record<string, unknown>> {
    for (;;) {
      const line = this.lines.find(({ msg }) => msg === message)
      if (line !== undefined) return line
      await new Promise<void>((resolve, reject) => {
        // A reworded message must fail the test, not hang it.
        const found = this.lines.map(({ msg }) => String(msg)).join('; ')
        const timer = setTimeout(
          () => reject(new Error(`no line "${message}" within 60 s; the last ones: ${found}`)),
          60_000,
        )
        this.#wake.push(() => {
          clearTimeout(timer)
          resolve()
        })
      })
    }
  }
}

interface Item {
  id: number
  text: string
}

const items = (count: number, text = 'item'): Item[] =>
  Array.from({ length: count }, (_, id) => ({ id, text: `${text} ${id}` }))

function publish(prefix: string, rows: Item[]) {
  return writeSnapshot(rows, { prefix, sharding: { shards: 2 }, key: 'id', values: 'json' })
}

async function started(t: TestContext, options: ServiceOptions) {
  const log = new Log()
  const service = await startService({ log, ...options })
  let closing: Promise<void> | undefined
  const close = () => (closing ??= service.close())
  t.after(close)
  const call = async (path: string, init?: RequestInit) => {
    const response = await fetch(`${service.url}${path}`, init)
    const body = (await response.json()) as { error?: { code: string } } & Record<string, unknown>
    return { status: response.status, body }
  }
  const batch = (keys: unknown) =>
    call('/v1/items:batch', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ keys }),
    })
  return { url: service.url, log, call, batch, close }
}

/** A response that is not read yet. */
async function request(url: string): Promise<IncomingMessage> {
  const [response] = (await once(get(url, { agent: false }), 'response')) as [IncomingMessage]
  return response
}

async function readAll(response: IncomingMessage): Promise<string> {
  let text = ''
  for await (const part of response.setEncoding('utf8')) text += part as string
  return text
}

test('lookup-service: returns single items, and distinguishes missing and malformed keys', async (t) => {
  const prefix = 'memory://lookup-items'
  await publish(prefix, items(10))
  const { url, call } = await started(t, { prefix })
  assert.match(url, /^http:\/\/127\.0\.0\.1:\d+$/)
  assert.deepEqual(await call('/v1/items/7'), {
    status: 200,
    body: { key: '7', value: { id: 7, text: 'item 7' } },
  })
  const missing = await call('/v1/items/10')
  assert.deepEqual([missing.status, missing.body.error?.code], [404, 'NOT_FOUND'])
  for (const key of ['seven', '-1', '1.5', '99999999999999999999', '18446744073709551616']) {
    const { status, body } = await call(`/v1/items/${key}`)
    assert.deepEqual([status, body.error?.code], [400, 'SHARD_INVALID_KEY'], key)
  }
  const nowhere = await call('/v2/items/7')
  assert.deepEqual([nowhere.status, nowhere.body.error?.code], [404, 'NO_ROUTE'])
})

test('lookup-service: text keys may be long and contain any text, including slashes', async (t) => {
  const prefix = 'memory://lookup-text'
  const keys = ['CH/Zürich/2657896', 'a b?c#d', 'k'.repeat(1000)]
  const options = { prefix, sharding: { shards: 2 }, values: 'json' } as const
  await writeSnapshot(
    keys.map((key, i): [string, number] => [key, i]),
    { ...options, keyEncoding: 'utf8' },
  )
  const { call, batch } = await started(t, { prefix })
  for (const [value, key] of keys.entries()) {
    const { status, body } = await call(`/v1/items/${encodeURIComponent(key)}`)
    assert.deepEqual([status, body], [200, { key, value }])
  }
  const { body } = await batch([keys[2], 'none', keys[0]])
  assert.deepEqual(body['items'], [
    { key: keys[2], found: true, value: 2 },
    { key: 'none', found: false },
    { key: keys[0], found: true, value: 0 },
  ])
})

test('lookup-service: a batch is bounded, and its answer keeps the order of the keys', async (t) => {
  const prefix = 'memory://lookup-batch'
  await publish(prefix, items(2000))
  const { batch } = await started(t, { prefix })
  const keys = Array.from({ length: 1000 }, (_, i) => String(1999 - i))
  const { status, body } = await batch(keys)
  assert.equal(status, 200)
  assert.deepEqual(
    (body['items'] as { key: string; value: Item }[]).map(({ key, value }) => [key, value.id]),
    keys.map((key) => [key, Number(key)]),
  )
  assert.equal((await batch([...keys, '1'])).status, 400)
  assert.equal((await batch('7')).status, 400)
  assert.equal((await batch([9007199254740992])).status, 400)
  assert.equal((await batch(['seven'])).body.error?.code, 'SHARD_INVALID_KEY')
})

test('lookup-service: a scan returns lines in key order, from start up to end', async (t) => {
  const prefix = 'memory://lookup-scan'
  await publish(prefix, items(3000))
  const { url } = await started(t, { prefix })
  const scan = async (query: string) => {
    const response = await fetch(`${url}/v1/scan?${query}`)
    assert.equal(response.headers.get('content-type'), 'application/x-ndjson')
    const lines = (await response.text()).trimEnd().split('\n')
    return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as unknown)
  }
  const expected = (from: number, to: number) =>
    items(3000)
      .slice(from, to)
      .map((value) => ({ key: String(value.id), value }))
  assert.deepEqual(await scan('start=10&end=13'), expected(10, 13))
  assert.deepEqual(await scan('start=2990&limit=100'), expected(2990, 3000))
  assert.deepEqual(await scan('end=5&limit=2'), expected(0, 2))
  assert.deepEqual(await scan(''), expected(0, 1000))
  assert.deepEqual(await scan('limit=100000'), expected(0, 3000))
  assert.deepEqual(await scan('start=5000'), [])
  for (const query of ['limit=0', 'limit=100001', 'limit=x', 'start=x', 'end=18446744073709551616'])
    assert.equal((await fetch(`${url}/v1/scan?${query}`)).status, 400, query)
})

// More than the buffers of a connection can hold.
const large = (): Item[] => items(4000, 'x'.repeat(8000))

test('lookup-service: a scan waits for a slow client, and ends when it disconnects', async (t) => {
  const prefix = 'memory://lookup-slow'
  await publish(prefix, large())
  const { url, log } = await started(t, { prefix })
  const slow = await request(`${url}/v1/scan?limit=4000`)
  // Another client receives the whole scan, so the slow one had enough time.
  const other = await readAll(await request(`${url}/v1/scan?limit=4000`))
  assert.equal(other.trimEnd().split('\n').length, 4000)
  assert.deepEqual(
    log.lines.filter(({ msg }) => msg === 'scan ended').map(({ entries }) => entries),
    [4000],
  )
  log.lines.length = 0
  slow.destroy()
  const ended = await log.line('scan ended')
  assert.equal(ended['clientGone'], true)
  assert.ok((ended['entries'] as number) < 3900, `${String(ended['entries'])} entries were read`)
})

test('lookup-service: concurrent scans are limited, and a finished scan frees its place', async (t) => {
  const prefix = 'memory://lookup-bounded'
  await publish(prefix, large())
  const { url, log, call } = await started(t, { prefix, maxScans: 2 })
  const running = [
    await request(`${url}/v1/scan?limit=4000`),
    await request(`${url}/v1/scan?limit=4000`),
  ]
  const refused = await fetch(`${url}/v1/scan?limit=1`)
  assert.deepEqual([refused.status, refused.headers.get('retry-after')], [503, '1'])
  assert.equal(((await refused.json()) as { error: { code: string } }).error.code, 'BUSY')
  assert.equal((await call('/v1/items/7')).status, 200, 'lookups go on')
  running[0]!.destroy()
  await log.line('scan ended')
  const next = await fetch(`${url}/v1/scan?limit=1`)
  assert.equal(next.status, 200)
  await next.text()
  running[1]!.destroy()
})

for (const [bound, options] of [
  ['takes nothing', { stallMs: 100 }],
  ['takes too long', { scanMs: 100 }],
] as const) {
  test(`lookup-service: a client that ${bound} is disconnected`, async (t) => {
    const prefix = `memory://lookup-${bound.replaceAll(' ', '-')}`
    await publish(prefix, large())
    const { url, log } = await started(t, { prefix, ...options })
    const answer = request(`${url}/v1/scan?limit=4000`)
    const ended = log.line('scan ended')
    const cut = async (): Promise<void> => {
      const response = await answer
      // The client reads nothing until the server has given up.
      const { clientGone, entries } = await ended
      assert.equal(clientGone, true)
      assert.ok((entries as number) < 3900, `${String(entries)} entries were read`)
      await readAll(response)
    }
    // On a slow machine, that may happen before the response starts.
    await assert.rejects(cut(), { code: 'ECONNRESET' })
  })
}

test('lookup-service: shutdown lets a running scan finish', async (t) => {
  const prefix = 'memory://lookup-finish'
  await publish(prefix, large())
  const { url, close } = await started(t, { prefix, graceMs: 60_000 })
  const running = await request(`${url}/v1/scan?limit=4000`)
  const closing = close()
  assert.equal((await readAll(running)).trimEnd().split('\n').length, 4000)
  await closing
  await assert.rejects(request(`${url}/health`), { code: 'ECONNREFUSED' })
})

test('lookup-service: shutdown has a time limit', async (t) => {
  const prefix = 'memory://lookup-stuck'
  await publish(prefix, large())
  const { url, close, log } = await started(t, { prefix, graceMs: 50 })
  const stuck = await request(`${url}/v1/scan?limit=4000`)
  await close()
  assert.equal((await log.line('scan ended'))['clientGone'], true)
  await assert.rejects(readAll(stuck), { code: 'ECONNRESET' })
})

test('lookup-service: follows new snapshots, and survives failed refreshes', async (t) => {
  const folder = tempFolder()
  const prefix = pathToFileURL(folder).href
  await publish(prefix, items(10))
  const { call, log } = await started(t, { prefix, refreshMs: 10 })
  const before = await call('/health')
  assert.equal(before.status, 200)
  assert.equal(before.body['rowCount'], 10)

  await rename(join(folder, '_CURRENT'), join(folder, 'hidden'))
  await log.line('refresh failed; serving the previous snapshot')
  assert.equal((await call('/v1/items/7')).status, 200)
  await rename(join(folder, 'hidden'), join(folder, '_CURRENT'))

  const { runId } = await publish(prefix, items(20, 'new'))
  assert.equal((await log.line('serving a new snapshot'))['runId'], runId)
  assert.deepEqual((await call('/v1/items/7')).body['value'], { id: 7, text: 'new 7' })
  const { body } = await call('/health')
  assert.deepEqual([body['status'], body['runId'], body['rowCount']], ['healthy', runId, 20])
})

test(
  'lookup-service: as a program it ends with 0 on SIGTERM, and 1 without a snapshot',
  { skip: NO_SIGNALS },
  async (t) => {
    const folder = tempFolder()
    await publish(pathToFileURL(folder).href, items(10))
    const child = new Child(t, 'lookup-service', ['--prefix', folder, '--port', '0'])
    const [, url] = await child.prints('stdout', /Server listening at (http:\/\/127\.0\.0\.1:\d+)/)
    assert.equal((await fetch(`${url}/v1/items/7`)).status, 200)
    child.process.kill('SIGTERM')
    assert.equal(await child.exitCode(), 0, child.stderr)
    await assert.rejects(fetch(`${url}/health`))

    const nothing = new Child(t, 'lookup-service', ['--prefix', join(folder, 'nothing')])
    assert.equal(await nothing.exitCode(), 1)
    assert.match(nothing.stderr, /^SHARD_NOT_FOUND SnapshotReader\.open: /)
    const wrong = new Child(t, 'lookup-service', ['--prefix', folder, '--port', 'http'])
    assert.equal(await wrong.exitCode(), 2)
    assert.match(wrong.stderr, /^--port must be an integer, got "http"/)
  },
)

test('lookup-service: /metrics has its lookups, and its own registry', async (t) => {
  const prefix = 'memory://lookup-metrics'
  await publish(prefix, items(10))
  const { url, call, batch } = await started(t, { prefix })
  const { url: other } = await started(t, { prefix })
  await call('/v1/items/7')
  await call('/v1/items/70')
  await batch(['1', '2'])
  const response = await fetch(`${url}/metrics`)
  assert.match(response.headers.get('content-type')!, /^text\/plain; version=0\.0\.4/)
  const text = await response.text()
  const at = `{prefix="${prefix}"}`
  for (const line of [
    `shardyfusion_reader_gets_total${at} 2`,
    `shardyfusion_reader_multi_gets_total${at} 1`,
    `shardyfusion_reader_hits_total${at} 3`,
    `shardyfusion_reader_misses_total${at} 1`,
  ]) {
    assert.ok(text.split('\n').includes(line), `${line} in\n${text}`)
  }
  assert.match(text, /^process_cpu_user_seconds_total /m)
  assert.equal((await fetch(`${other}/metrics`)).status, 200)
})

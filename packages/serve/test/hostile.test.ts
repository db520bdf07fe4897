import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { test } from 'node:test'
import { type HeldMemory, heldMemory } from '@shardyfusion/test-support/held-memory'
import { MemoryTrend } from '@shardyfusion/test-support/memory-trend'
import { seededRandom } from '@shardyfusion/test-support/seeded-random'
import { soak } from '@shardyfusion/test-support/soak'
import { command, RawClient } from './support/raw-client.js'
import { served } from './support/served.js'
import { numbered, published } from './support/snapshot.js'

const FRAMES = soak(600, 10_000)
const PARALLEL = 20
const ROUNDS = 12
const MIB = 2 ** 20

type Random = () => number

const SOUND = [
  command('GET', '1'),
  command('MGET', '1', '2', 'x'),
  command('SCAN', '0', 'COUNT', '5'),
  command('HELLO', '3', 'AUTH', 'a', 'b'),
  command('CLIENT', 'SETINFO', 'LIB-NAME', 'x'),
  command('COMMAND', 'DOCS'),
  command('KEYS', '[a-'),
  Buffer.from('PING\r\n'),
]
const FRAGMENTS = [
  '*',
  '$',
  '\r\n',
  '-1',
  '99999999999999',
  '0',
  ':',
  '%',
  '_',
  '*3\r\n',
  '$3\r\n',
  '"',
  '\0',
]

function malformedFrame(random: Random): Buffer {
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!
  const frame = Buffer.from(pick(SOUND))
  switch (Math.floor(random() * 5)) {
    case 0: {
      // Bytes that are nothing.
      return Buffer.from(Array.from({ length: random() * 300 }, () => Math.floor(random() * 256)))
    }
    case 1: {
      for (let i = 0; i < 1 + random() * 4; i++)
        frame[Math.floor(random() * frame.length)] = Math.floor(random() * 256)
      return frame
    }
    case 2:
      return frame.subarray(0, Math.floor(random() * frame.length))
    case 3: {
      const at = Math.floor(random() * frame.length)
      return Buffer.concat([
        frame.subarray(0, at),
        Buffer.from(pick(FRAGMENTS)),
        frame.subarray(at),
      ])
    }
    default:
      return Buffer.from(Array.from({ length: 1 + random() * 20 }, () => pick(FRAGMENTS)).join(''))
  }
}

function malformedRequest(random: Random): Buffer {
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!
  const method = pick(['GET', 'POST', 'PUT', 'get', '', 'A'.repeat(300)])
  const path = pick([
    '/v1/items/1',
    '/v1/scan?limit=x',
    '/%',
    '/%00',
    '//',
    '/v1/items/%ff',
    '/..',
    '/v1/items:batch',
    ' ',
  ])
  const body = pick([
    '',
    '{',
    '{"keys":[',
    '{"keys":[1e400]}',
    '[]',
    'x',
    '{"__proto__":{"a":1},"keys":[]}',
  ])
  const length = pick([
    `content-length: ${body.length}\r\n`,
    'content-length: -1\r\n',
    'transfer-encoding: chunked\r\n',
    '',
  ])
  const head = `${method} ${path} ${pick(['HTTP/1.1', 'HTTP/9', ''])}\r\nhost: localhost\r\ncontent-type: application/json\r\n${length}\r\n`
  const bytes = Buffer.from(head + body, 'latin1')
  if (random() < 0.5) bytes[Math.floor(random() * bytes.length)] = Math.floor(random() * 256)
  return bytes
}

/** Sends bytes and ends the connection; resolves when the server has ended it, too. */
async function sendAndEnd(port: number, bytes: Buffer): Promise<void> {
  const socket = connect(port, '127.0.0.1')
  socket.on('error', () => {})
  socket.resume()
  socket.end(bytes)
  if (!socket.closed) await once(socket, 'close')
}

/** Fails if memory grew by more than a small part of what clients have asked for: 500 MB and more. */
function assertHoldsLittle(before: HeldMemory, now: HeldMemory): void {
  const [heap, resident] = [now.heap - before.heap, now.resident - before.resident]
  assert.ok(heap < 32 * MIB, `${heap} bytes more in the heap`)
  assert.ok(resident < 96 * MIB, `${resident} bytes more in the process`)
}

test('malformed frames and requests: no crash, no hang, no growth', async (t) => {
  const prefix = await published({ rows: numbered(100) })
  const { redisPort, server, log } = await served(t, {
    databases: [{ prefix }],
    limits: { requestMs: 1000, stallMs: 1000 },
  })
  const httpPort = server.http!.port
  const random = seededRandom(20)
  const memory = new MemoryTrend()
  for (let round = 0; round < ROUNDS; round++) {
    for (let i = 0; i < FRAMES / ROUNDS; i += PARALLEL) {
      await Promise.all(
        Array.from({ length: PARALLEL }, (_, n) =>
          n % 4 === 0
            ? sendAndEnd(httpPort, malformedRequest(random))
            : sendAndEnd(redisPort, malformedFrame(random)),
        ),
      )
    }
    await memory.read()
  }
  memory.assertNoGrowth({ heap: MIB / 2, resident: 16 * MIB })
  const client = await RawClient.open(t, redisPort)
  const expected = '$7\r\nvalue-7\r\n'
  assert.equal(await client.ask(command('GET', '7'), expected), expected)
  assert.equal(await (await fetch(`${server.http!.url}/v1/items/7`)).text(), 'value-7')
  assert.match(await server.metrics(), /connections\{protocol="redis"\} 1\n/)
  assert.deepEqual(
    log.filter(({ level }) => level === 'error'),
    [],
  )
})

test('a client that reads nothing gets no more, and is ended', async (t) => {
  const value = 'x'.repeat(50_000)
  const prefix = await published({ rows: [[1, value], ...numbered(50).slice(2)] })
  const { redisPort } = await served(t, { databases: [{ prefix }], limits: { stallMs: 1000 } })
  const slow = await RawClient.open(t, redisPort)
  slow.socket.pause()
  const before = await heldMemory()
  // Replies of 500 MB.
  const asked = Buffer.concat(Array.from({ length: 10_000 }, () => command('GET', '1')))
  slow.send(asked)
  const other = await RawClient.open(t, redisPort)
  const ended = once(slow.socket, 'close')
  for (let i = 0; i < 200; i++) {
    const expected = '$7\r\nvalue-7\r\n'
    assert.equal(await other.ask(command('GET', '7'), expected), expected)
  }
  assertHoldsLittle(before, await heldMemory())
  slow.socket.resume()
  slow.socket.on('data', () => {})
  // All replies arrive if the client reads again in time; otherwise the server ends the connection.
  slow.socket.end()
  await ended
})

test('a command that never ends, and an idle connection, are ended', async (t) => {
  const prefix = await published({ rows: numbered(3) })
  const { redisPort } = await served(t, {
    databases: [{ prefix }],
    limits: { requestMs: 100, idleMs: 600 },
  })
  const idle = await RawClient.open(t, redisPort)
  const partial = await RawClient.open(t, redisPort)
  partial.send('*2\r\n$3\r\nGE')
  assert.equal(await partial.rest(), '')
  assert.equal(await idle.rest(), '')
})

test('connections above the limit are refused, and freed ones are used again', async (t) => {
  const prefix = await published({ rows: numbered(3) })
  const { redisPort, server } = await served(t, {
    databases: [{ prefix }],
    limits: { maxConnections: 2 },
  })
  const first = await RawClient.open(t, redisPort)
  const second = await RawClient.open(t, redisPort)
  await first.ask(command('PING'), '+PONG\r\n')
  await second.ask(command('PING'), '+PONG\r\n')
  const third = await RawClient.open(t, redisPort)
  assert.equal(await third.rest(), '-ERR max number of clients reached\r\n')
  first.send(command('QUIT'))
  assert.equal(await first.rest(), '+OK\r\n')
  // The server sees the end of the connection later than the client.
  while ((await server.metrics()).includes('connections{protocol="redis"} 2\n')) await nextTurn()
  const fourth = await RawClient.open(t, redisPort)
  assert.equal(await fourth.ask(command('PING'), '+PONG\r\n'), '+PONG\r\n')
})

test('too many keys and too large replies are refused before they are read', async (t) => {
  const prefix = await published({ rows: numbered(3, 'x'.repeat(10_000)) })
  const { redisPort } = await served(t, {
    databases: [{ prefix }],
    limits: { maxKeys: 5, maxReplyBytes: 1024 },
  })
  const client = await RawClient.open(t, redisPort)
  client.send(command('MGET', '1', '2', '3', '4', '5', '6'))
  const many = '-ERR expected at most 5 keys, got 6; send several commands\r\n'
  assert.equal(await client.read(many.length), many)
  client.send(Buffer.concat([command('MGET', '1', '2'), command('QUIT')]))
  assert.match(
    await client.rest(),
    /^-ERR 2 values take about \d+ bytes, more than 1024; [^\r]*\r\n\+OK\r\n$/,
  )
})

test('repeated keys: read once, and refused before their values are sent', async (t) => {
  // Compressed, so that the sizes in the manifest promise small values.
  const value = 'x'.repeat(50_000)
  const prefix = await published({ rows: [[1, value], ...numbered(4).slice(2)] })
  const { redisPort, url } = await served(t, {
    databases: [{ prefix }],
    limits: { maxReplyBytes: 120_000 },
  })
  const client = await RawClient.open(t, redisPort)
  const three = command('MGET', '1', '1', '1')
  client.send(
    Buffer.concat([command('GET', '2'), three, command('MGET', '2', '1', '1'), command('QUIT')]),
  )
  const bulk = `$${value.length}\r\n${value}\r\n`
  assert.equal(
    await client.rest(),
    '$7\r\nvalue-2\r\n' +
      '-ERR TOO_LARGE 3 values take 150000 bytes or more, above 120000; send several requests\r\n' +
      `*3\r\n$7\r\nvalue-2\r\n${bulk}${bulk}+OK\r\n`,
  )
  const ask = async (keys: string[]) => {
    const headers = { 'content-type': 'application/json' }
    const body = JSON.stringify({ keys })
    const response = await fetch(`${url}/v1/items:batch`, { method: 'POST', headers, body })
    return { status: response.status, text: await response.text() }
  }
  const refused = await ask(['1', '1', '1'])
  assert.equal(refused.status, 400)
  assert.match(refused.text, /TOO_LARGE.*3 values take 150000 bytes or more/)
  const { items } = JSON.parse((await ask(['1', '3', '1'])).text) as { items: { value: string }[] }
  assert.deepEqual(
    items.map((item) => item.value),
    [value, 'value-3', value],
  )
})

test('many clients that read nothing: the server holds little for each', async (t) => {
  const value = 'x'.repeat(50_000)
  const prefix = await published({ rows: [[1, value]] })
  const { redisPort } = await served(t, { databases: [{ prefix }], replyCacheBytes: 0 })
  const first = await RawClient.open(t, redisPort)
  const bulk = `$${value.length}\r\n${value}\r\n`
  // The server learns the size of values.
  assert.equal(await first.ask(command('GET', '1'), bulk), bulk)
  const before = await heldMemory()
  const asked = Buffer.concat(Array.from({ length: 500 }, () => command('GET', '1')))
  const slow = await Promise.all(Array.from({ length: 30 }, () => RawClient.open(t, redisPort)))
  for (const client of slow) {
    client.socket.pause()
    client.send(asked)
  }
  for (let i = 0; i < 20; i++) assert.equal(await first.ask(command('GET', '1'), bulk), bulk)
  // 25 MB of replies for each; system buffers take some of them.
  assertHoldsLittle(before, await heldMemory())
})

test('HTTP: a pipeline that is not read ends, and a short one is answered in order', async (t) => {
  const prefix = await published({ rows: numbered(100) })
  const { server } = await served(t, { databases: [{ prefix }] })
  const get = (key: number, more = '') =>
    `GET /v1/items/${key} HTTP/1.1\r\nhost: localhost\r\n${more}\r\n`
  const { port } = server.http!
  const short = await RawClient.open(t, port)
  const keys = Array.from({ length: 50 }, (_, i) => i)
  short.send(keys.map((key) => get(key, key === 49 ? 'connection: close\r\n' : '')).join(''))
  const replies = [...(await short.rest()).matchAll(/value-(\d+)/g)].map(([, key]) => Number(key))
  assert.deepEqual(replies, keys)
  const long = await RawClient.open(t, port)
  long.send(get(1).repeat(500))
  assert.ok([...(await long.rest()).matchAll(/value-1/g)].length <= 64)
  const other = await RawClient.open(t, port)
  other.send(get(2, 'connection: close\r\n'))
  assert.match(await other.rest(), /value-2$/)
})

test('HTTP: bytes that are not a request, and several hosts, get errors of one form', async (t) => {
  const prefix = await published({ rows: numbered(3) })
  const { server } = await served(t, { databases: [{ prefix }] })
  const head = 'host: localhost\r\nconnection: close\r\n'
  const post = `POST /v1/items:batch HTTP/1.1\r\n${head}content-type: application/json\r\n`
  const cases: [string, number, RegExp][] = [
    ['hello\r\n\r\n', 400, /"code":"HPE_/],
    [`GET / HTTP/1.1\n${head}\n`, 400, /"code":"HPE_/],
    [`${post}content-length: 2\r\ntransfer-encoding: chunked\r\n\r\n{}`, 400, /"code":"HPE_/],
    [`${post}content-length: 2\r\ncontent-length: 3\r\n\r\n{}`, 400, /"code":"HPE_/],
    [
      `GET /v1/items/1 HTTP/1.1\r\n${head}x: ${'y'.repeat(20_000)}\r\n\r\n`,
      431,
      /HPE_HEADER_OVERFLOW/,
    ],
    [`GET /v1/items/%ff HTTP/1.1\r\n${head}\r\n`, 400, /FST_ERR_BAD_URL/],
    [`GET /v1/items/1 HTTP/1.1\r\n${head}host: evil.example\r\n\r\n`, 400, /got several/],
    [`GET http://evil.example/v1/items/1 HTTP/1.1\r\n${head}\r\n`, 403, /evil\.example/],
    [`GET http://localhost@evil.example/v1/items/1 HTTP/1.1\r\n${head}\r\n`, 403, /evil\.example/],
    [`OPTIONS /v1/items/1 HTTP/1.1\r\n${head}origin: http://evil.example\r\n\r\n`, 404, /NO_ROUTE/],
    [
      `${post.replace('application/json', 'text/plain')}content-length: 12\r\n\r\n{"keys":[1]}`,
      400,
      /object/,
    ],
  ]
  for (const [request, status, body] of cases) {
    const client = await RawClient.open(t, server.http!.port)
    client.send(request)
    const text = await client.rest()
    assert.ok(text.startsWith(`HTTP/1.1 ${status} `), `${request.slice(0, 80)} ${text}`)
    assert.match(text, /\r\n\r\n\{"error":\{"code":".*","message":".*"\}\}$/, request.slice(0, 80))
    assert.match(text, body, request.slice(0, 80))
    assert.doesNotMatch(text, /access-control/i)
  }
  const absolute = await RawClient.open(t, server.http!.port)
  absolute.send(`GET http://localhost/v1/items/1 HTTP/1.1\r\n${head}\r\n`)
  assert.match(await absolute.rest(), /\r\n\r\nvalue-1$/)
})

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { test } from 'node:test'
import { seededRandom } from '../../core/dist-test/support/seeded-random.js'
import { command, RawClient } from './support/raw-client.js'
import { served } from './support/served.js'
import { numbered, published } from './support/snapshot.js'

const FRAMES = process.env['SHARDYFUSION_SOAK'] === '1' ? 10_000 : 600
const PARALLEL = 20
const GROWTH_BYTES = 96 * 2 ** 20

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

test('malformed frames and requests: no crash, no hang, no growth', async (t) => {
  const prefix = await published({ rows: numbered(100) })
  const { redisPort, server, log } = await served(t, {
    databases: [{ prefix }],
    limits: { requestMs: 1000, stallMs: 1000 },
  })
  const httpPort = server.http!.port
  const random = seededRandom(20)
  const half = async (): Promise<void> => {
    for (let i = 0; i < FRAMES / 2; i += PARALLEL) {
      await Promise.all(
        Array.from({ length: PARALLEL }, (_, n) =>
          n % 4 === 0
            ? sendAndEnd(httpPort, malformedRequest(random))
            : sendAndEnd(redisPort, malformedFrame(random)),
        ),
      )
    }
  }
  await half()
  const before = process.memoryUsage.rss()
  await half()
  assert.ok(process.memoryUsage.rss() - before < GROWTH_BYTES)
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
  const before = process.memoryUsage.rss()
  // Replies of 500 MB.
  const asked = Buffer.concat(Array.from({ length: 10_000 }, () => command('GET', '1')))
  slow.send(asked)
  const other = await RawClient.open(t, redisPort)
  const ended = once(slow.socket, 'close')
  for (let i = 0; i < 200; i++) {
    const expected = '$7\r\nvalue-7\r\n'
    assert.equal(await other.ask(command('GET', '7'), expected), expected)
  }
  assert.ok(process.memoryUsage.rss() - before < GROWTH_BYTES)
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

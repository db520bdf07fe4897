import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { test } from 'node:test'
import { serve } from '@shardyfusion/serve'
import { command, RawClient } from './support/raw-client.js'
import { served } from './support/served.js'
import { numbered, published } from './support/snapshot.js'

test('close: finishes commands that arrived, ends connections and is idempotent', async (t) => {
  const prefix = await published({ rows: numbered(1000) })
  const { server, redisPort } = await served(t, { databases: [{ prefix }] })
  const client = await RawClient.open(t, redisPort)
  const idle = await RawClient.open(t, redisPort)
  const expected = '$7\r\nvalue-1\r\n'
  assert.equal(await client.ask(command('GET', '1'), expected), expected)
  const closing = server.close()
  assert.equal(server.close(), closing)
  await closing
  assert.equal(await client.rest(), '')
  assert.equal(await idle.rest(), '')
  await assert.rejects(
    new Promise((resolve, reject) => {
      connect(redisPort, '127.0.0.1').once('connect', resolve).once('error', reject)
    }),
    /ECONNREFUSED/,
  )
})

test('close: ends a client that reads nothing after the grace time', async (t) => {
  const big = 'x'.repeat(100_000)
  const prefix = await published({ rows: [[1, big]] })
  const { server, redisPort } = await served(t, {
    databases: [{ prefix }],
    limits: { graceMs: 50 },
  })
  const client = await RawClient.open(t, redisPort)
  client.socket.pause()
  client.send(Buffer.concat(Array.from({ length: 500 }, () => command('GET', '1'))))
  const other = await RawClient.open(t, redisPort)
  await other.ask(command('PING'), '+PONG\r\n')
  await server.close()
})

test('close: an HTTP reply that is being sent arrives whole, and its connection ends with it', async (t) => {
  const big = 'x'.repeat(12_000_000)
  const prefix = await published({ rows: [[1, big]] })
  const { server } = await served(t, {
    databases: [{ prefix }],
    limits: { graceMs: 60_000, stallMs: 60_000 },
  })
  const client = await RawClient.open(t, server.http!.port)
  client.send('GET /v1/items/1 HTTP/1.1\r\nhost: localhost\r\n\r\n')
  const head = await client.read(15)
  assert.equal(head, 'HTTP/1.1 200 OK')
  client.socket.pause()
  const closing = server.close()
  // The server has written all of it; the socket has not.
  const idle = await RawClient.open(t, server.redis!.port).catch(() => undefined)
  assert.equal(idle, undefined)
  client.socket.resume()
  const rest = await client.rest()
  assert.equal(rest.length - rest.indexOf('\r\n\r\n') - 4, big.length)
  await closing
})

test('serve: refuses options that cannot work, and closes what it opened', async () => {
  const prefix = await published({ rows: numbered(3) })
  const databases = [{ prefix }]
  const cases: [Parameters<typeof serve>[0], RegExp][] = [
    [{ databases: [] }, /databases must have 1 database or more/],
    [{ databases, host: '0.0.0.0' }, /host must be a loopback address unless there is a token/],
    [{ databases, host: '127.0.0.1.example' }, /must be a loopback address/],
    [{ databases, token: 'short-secret' }, /token must be text of 16 characters or more, got 12/],
    [{ databases, http: false, redis: false }, /nothing would listen/],
    [
      {
        databases: [
          { prefix, name: 'a' },
          { prefix, name: 'a' },
        ],
      },
      /different names, got "a" twice/,
    ],
    [{ databases: [{ prefix, name: 'a/b' }] }, /name must be 1 to 64 letters/],
    [{ databases: [{ prefix: 'memory://nothing/here' }] }, /nothing is published below/],
    [{ databases, limits: { maxKeys: 0 } }, /limits.maxKeys must be an integer of 1 or more/],
  ]
  for (const [options, message] of cases) {
    const ports = { http: { port: 0 }, redis: { port: 0 } }
    await assert.rejects(serve({ ...ports, ...options }), (error: Error) => {
      assert.match(error.message, message)
      assert.ok(!error.message.includes('short-secret'))
      return true
    })
  }
  await using first = await serve({ databases, http: false, redis: { port: 0 } })
  const { port } = first.redis!
  await assert.rejects(serve({ databases, http: { port: 0 }, redis: { port } }), {
    code: 'SHARD_INVALID_OPTION',
    message: `serve: redis.port ${port} of 127.0.0.1 is in use; pass another port, or 0 for a free one`,
  })
  const token = 't'.repeat(20)
  await assert.rejects(
    serve({ databases, http: { port: 0 }, redis: false, token, host: '192.0.2.1' }),
    {
      code: 'SHARD_INVALID_OPTION',
      message:
        'serve: http.port 0 of 192.0.2.1 is not an address of this machine; pass another host',
    },
  )
})

import assert from 'node:assert/strict'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { inspect } from 'node:util'
import { after, test } from 'node:test'
import type { Catalog, ShardyfusionError } from '@shardyfusion/core/extend'
import { type PostgresCatalog, postgresCatalog } from '@shardyfusion/postgres'
import { postgresError } from '#dist/postgres-error.js'
import { type Cut, startCuttingProxy } from './support/cutting-proxy.js'
import { manifestOf } from './support/manifest.js'
import { startPostgres } from './support/postgres-server.js'

const server = await startPostgres()
const proxy = await startCuttingProxy(server.port)
after(async () => {
  await proxy.stop()
  await server.stop()
})
/** For tests with hundreds of connections, which take PGlite a minute. */
const onServer = { skip: server.isReal ? false : 'PostgreSQL is not installed' }

const LIMIT = { timeout: 30_000 }

let names = 0
function open(
  changes: Partial<Parameters<typeof postgresCatalog>[0]> = {},
): Promise<PostgresCatalog> {
  const n = names++
  return postgresCatalog({
    prefix: `memory://failures-${n}/prices`,
    connectionString: server.url.replace(`:${server.port}`, `:${proxy.port}`),
    table: `failures_${n}`,
    pointerTable: `failures_pointer_${n}`,
    maxConnections: 1,
    ...changes,
  })
}

const CUTS: readonly Cut[] = ['before the statement', 'before the answer']

/** Each call, after `old` and `new` were published; it ends in one state, however often it was cut. */
const calls: Readonly<Record<string, (catalog: Catalog) => Promise<unknown>>> = {
  publish: ({ manifests }) => manifests.publish(manifestOf('third')),
  loadCurrent: ({ manifests }) => manifests.loadCurrent(),
  loadManifest: ({ manifests }) => manifests.loadManifest('new'),
  listManifests: ({ manifests }) => manifests.listManifests(),
  setCurrent: ({ manifests }) => manifests.setCurrent('old'),
  delete: ({ manifests }) => manifests.delete('old'),
}

for (const [name, call] of Object.entries(calls)) {
  for (const cut of CUTS) {
    test(
      `${name}: a connection that ends ${cut} is replaced, at every statement`,
      onServer,
      async () => {
        let statements = 1
        for (let n = 1; n <= statements; n++) {
          proxy.cutAt(0, cut)
          const catalog = await open()
          await catalog.manifests.publish(manifestOf('old'))
          await catalog.manifests.publish(manifestOf('new'))
          proxy.cutAt(n, cut)
          await call(catalog)
          if (n === 1) {
            // Without a cut, this many statements are sent.
            proxy.cutAt(0, cut)
            await call(catalog)
            statements = proxy.statements
          }
          proxy.cutAt(0, cut)
          const current = (await catalog.manifests.loadCurrent())?.runId
          const listed = (await catalog.manifests.listManifests()).map(({ runId }) => runId)
          const expected: Record<string, [string, string[]]> = {
            publish: ['third', ['third', 'new', 'old']],
            setCurrent: ['old', ['new', 'old']],
            delete: ['new', ['new']],
          }
          assert.deepEqual([current, listed], expected[name] ?? ['new', ['new', 'old']], `cut ${n}`)
          await catalog.close?.()
        }
        assert.ok(statements >= 1)
      },
    )
  }
}

test('a publication whose commit was not acknowledged does not move the pointer a second time', async () => {
  const mine = await open()
  const n = names - 1
  const beside = await open({
    connectionString: server.url,
    table: `failures_${n}`,
    pointerTable: `failures_pointer_${n}`,
  })
  proxy.cutAt(0, 'before the answer')
  await mine.manifests.publish(manifestOf('count'))
  const commit = proxy.statements
  proxy.cutAt(commit, 'before the answer')
  const published = await mine.manifests.publish(manifestOf('lost'))
  const current = await beside.manifests.loadCurrent()
  // The time of the first commit, and not that of the second attempt.
  assert.deepEqual(published, current)
  const first = (await beside.manifests.listManifests(1))[0]
  assert.deepEqual(first, current)
  await Promise.all([mine.close?.(), beside.close?.()])
})

test('a server that stays away is one retryable error in bounded time, without a secret', async () => {
  const password = 'hunter2-secret'
  const connectionString = `postgres://tester:${password}@127.0.0.1:1/postgres`
  await assert.rejects(open({ connectionString, attempts: 2 }), (error: ShardyfusionError) => {
    assert.equal(error.code, 'SHARD_STORE')
    assert.equal(error.retryable, true)
    assert.match(
      error.message,
      /^postgresCatalog: PostgreSQL failed in 2 attempts: .*ECONNREFUSED 127\.0\.0\.1:1; check that the server runs/,
    )
    assert.doesNotMatch(inspect(error, { depth: 9, showHidden: true }), /hunter2/)
    return true
  })
})

test(
  'a server that accepts and never answers is an error with the limit, and obeys a signal',
  LIMIT,
  async (t) => {
    const sockets: Socket[] = []
    const silent = createServer((socket) => void sockets.push(socket))
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
    t.after(() => {
      for (const socket of sockets) socket.destroy()
      silent.close()
    })
    const { port } = silent.address() as AddressInfo
    const connectionString = `postgres://tester@127.0.0.1:${port}/postgres`
    await assert.rejects(open({ connectionString, attempts: 2, timeoutMs: 60 }), {
      code: 'SHARD_STORE',
      retryable: true,
      message:
        /failed in 2 attempts: .*timeout \(limit: 60 ms each\); check host, port and firewall/,
    })
    const controller = new AbortController()
    // An abort that waits for the limit would reach that of the test.
    const opening = open({ connectionString, signal: controller.signal, timeoutMs: 600_000 })
    while (sockets.length < 3) await new Promise((resolve) => silent.once('connection', resolve))
    controller.abort(new Error('enough'))
    await assert.rejects(opening, /^Error: enough$/)
  },
)

test('a connection that falls silent is given up after its limit, and another one answers', async (t) => {
  const sockets: Socket[] = []
  let connections = 0
  const proxying = createServer((client) => {
    const upstream = connect(server.port, '127.0.0.1')
    sockets.push(client, upstream)
    const isFirst = ++connections === 1
    client.on('data', (bytes) => {
      // A statement of this name is the one that gets no answer.
      if (isFirst && bytes.includes('failures_pointer_')) return
      upstream.write(bytes)
    })
    upstream.on('data', (bytes) => client.write(bytes))
    for (const socket of [client, upstream]) socket.on('error', () => {})
  })
  await new Promise<void>((resolve) => proxying.listen(0, '127.0.0.1', resolve))
  t.after(() => {
    for (const socket of sockets) socket.destroy()
    proxying.close()
  })
  const { port } = proxying.address() as AddressInfo
  await using tables = await open({ connectionString: server.url })
  await tables.manifests.publish(manifestOf('there'))
  const n = names - 1
  await using catalog = await open({
    connectionString: `postgres://tester@127.0.0.1:${port}/postgres`,
    table: `failures_${n}`,
    pointerTable: `failures_pointer_${n}`,
    ensureTables: false,
    timeoutMs: 50,
  })
  assert.equal((await catalog.manifests.loadCurrent())?.runId, 'there')
  assert.equal(connections, 2)
})

test('addresses that fail are all named, and TLS that the server lacks has advice', () => {
  const refused = (address: string) =>
    Object.assign(new Error(`connect ECONNREFUSED ${address}`), { code: 'ECONNREFUSED' })
  const both = Object.assign(new AggregateError([refused('::1:5432'), refused('127.0.0.1:5432')]), {
    code: 'ECONNREFUSED',
  })
  assert.equal(
    postgresError('open', both).message,
    'open: PostgreSQL failed: connect ECONNREFUSED ::1:5432, connect ECONNREFUSED 127.0.0.1:5432; check that the ' +
      'server runs, and host and port of connectionString (or PGHOST and PGPORT)',
  )
  assert.match(
    postgresError('open', new Error('The server does not support SSL connections')).message,
    /; remove sslmode from connectionString/,
  )
})

test('a closed catalog says so, and a publication with it is not worth a retry', async () => {
  await using catalog = await open({ connectionString: server.url })
  await catalog.close()
  await assert.rejects(catalog.manifests.loadCurrent(), {
    code: 'SHARD_CLOSED',
    retryable: false,
    message: 'PostgresManifestStore.loadCurrent: this catalog is closed; open a new one',
  })
  await assert.rejects(catalog.manifests.publish(manifestOf('closed')), {
    code: 'SHARD_PUBLISH',
    retryable: false,
    message: /run closed is not published: this catalog is closed; open a new one; publish again$/,
  })
})

test('a malformed connection string is refused, and not shown', async () => {
  for (const connectionString of ['postgres://u:hunter2@[', 'mysql://u:hunter2@h/d', 'hunter2']) {
    await assert.rejects(open({ connectionString }), (error: ShardyfusionError) => {
      assert.equal(error.code, 'SHARD_INVALID_OPTION')
      assert.match(error.message, /connectionString must be a URL of the form postgres:\/\//)
      assert.doesNotMatch(inspect(error, { depth: 9 }), /hunter2/)
      return true
    })
  }
})

test('the origin describes the catalog to other threads, unless it would contain a secret', async () => {
  proxy.cutAt(0, 'before the answer')
  const plain = await open()
  assert.equal(plain.origin?.module, '@shardyfusion/postgres')
  assert.match(JSON.stringify(plain.origin), /"connectionString":"postgres:/)
  const secret = await open({
    connectionString: server.url.replace('tester', 'tester:hunter2'),
  })
  assert.equal(secret.origin, undefined)
  await Promise.all([plain.close(), secret.close()])
})

test('options that cannot work are refused by name', async () => {
  const cases: [Record<string, unknown>, RegExp][] = [
    [{ table: 'Manifests"; --' }, /table must be a name of at most 51 lower-case letters/],
    [{ pointerTable: '' }, /pointerTable must be a name/],
    [{ maxConnections: 0 }, /maxConnections must be an integer of 1 or more \(connections\)/],
    [
      { timeoutMs: '10s' },
      /timeoutMs must be an integer of 1 or more \(milliseconds\), got "10s"$/,
    ],
    [{ prefix: '/data/prices' }, /^postgresCatalog: prefix must be .*got "\/data\/prices"/],
    [{ prefix: undefined }, /prefix must be a URL, got undefined$/],
    [{ connectionString: 5 }, /connectionString must be a URL: .*, got number$/],
    [{ pool: {} }, /pool must be a pool of pg/],
    [
      { nonsense: 1 },
      /postgresCatalog: unknown option "nonsense"; the options are prefix, connectionString/,
    ],
  ]
  for (const [changes, message] of cases) {
    await assert.rejects(open(changes), { code: 'SHARD_INVALID_OPTION', message })
  }
  await assert.rejects(postgresCatalog(undefined as never), {
    code: 'SHARD_INVALID_OPTION',
    message: 'postgresCatalog: options must be an object, got undefined',
  })
})

test('an abort ends a call that waits for a lock, and its transaction', onServer, async () => {
  const catalog = await open({ connectionString: server.url })
  const n = names - 1
  const { default: pg } = await import('pg')
  const holder = new pg.Client({ connectionString: server.url })
  await holder.connect()
  await holder.query(`BEGIN; LOCK TABLE failures_pointer_${n} IN ACCESS EXCLUSIVE MODE`)
  const controller = new AbortController()
  const reason = new Error('enough')
  const publishing = catalog.manifests.publish(manifestOf('aborted'), { signal: controller.signal })
  controller.abort(reason)
  await assert.rejects(publishing, reason)
  await holder.query('COMMIT')
  await holder.end()
  assert.equal(await catalog.manifests.loadCurrent(), undefined)
  await catalog.close?.()
})

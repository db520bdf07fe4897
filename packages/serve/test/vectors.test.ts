import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { sqliteVec, VectorReader, writeVectors } from '@shardyfusion/vector'
import { command, RawClient } from './support/raw-client.js'
import { served } from './support/served.js'
import { memoryPrefix, numbered, published } from './support/snapshot.js'

const BIG = 2n ** 53n + 1n

/** Publishes `count` vectors on a line, with ids above 2^53. */
async function publishVectors(prefix: string, count: number): Promise<void> {
  const rows = Array.from({ length: count }, (_, i) => ({ id: BIG + BigInt(i), at: [i, 1] }))
  await writeVectors(rows, {
    prefix,
    engine: sqliteVec(),
    id: 'id',
    vector: ({ at }) => Float32Array.from(at),
    payload: ({ at: [x] }) => ({ even: x! % 2 === 0, big: BIG }),
    dimensions: 2,
    metric: 'l2',
    sharding: { clusters: 4 },
  })
}

async function search(url: string, body: object, path = '/v1/search') {
  const response = await fetch(`${url}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  return { status: response.status, text: await response.text() }
}

async function redis(t: TestContext, port: number, ...words: string[]): Promise<string> {
  const client = await RawClient.open(t, port)
  client.send(Buffer.concat([command(...words), command('QUIT')]))
  return client.rest()
}

test('vectors without keys: several queries in one request, with every digit', async (t) => {
  const prefix = memoryPrefix()
  await publishVectors(prefix, 100)
  const { url } = await served(t, { databases: [{ prefix }] })
  const vectors = [
    [7, 1],
    [50, 1],
  ]
  const { status, text } = await search(url, { vectors, topK: 1, probes: 'all', exact: true })
  assert.equal(status, 200)
  const { shardsQueried } = JSON.parse(text) as { shardsQueried: number }
  assert.equal(shardsQueried, 4)
  const shards = [...text.matchAll(/"shard":(\d)/g)].map(([, shard]) => shard)
  const payload = (even: boolean) => `{"big":${BIG},"even":${even}}`
  assert.ok(
    text.startsWith(
      `{"results":[{"query":0,"id":${BIG + 7n},"score":0,"shard":${shards[0]},"payload":${payload(false)}},` +
        `{"query":1,"id":${BIG + 50n},"score":0,"shard":${shards[1]},"payload":${payload(true)}}],`,
    ),
    text,
  )
})

test('vectors without keys: every option of a search, as the reader understands it', async (t) => {
  const prefix = memoryPrefix()
  await publishVectors(prefix, 100)
  const { url } = await served(t, { databases: [{ prefix, name: 'docs' }] })
  await using reader = await VectorReader.open({ prefix })
  for (const options of [
    {},
    { topK: 3 },
    { probes: 1 },
    { probes: 'all' as const, topK: 100 },
    { where: 'payload.even == true', topK: 5 },
    { exact: true, maxDistance: 2 },
    { recall: 0.5, topK: 2 },
    { shards: [0, 2] },
  ]) {
    const expected = await reader.search([33.2, 1], options)
    const path = '/v1/databases/docs/search'
    const { text } = await search(url, { vector: [33.2, 1], ...options }, path)
    const found = [...text.matchAll(/"query":0,"id":(\d+),"score":([^,]+),"shard":(\d+)/g)]
    assert.deepEqual(
      found.map(([, id, score, shard]) => [BigInt(id!), Number(score), Number(shard)]),
      expected.results.map(({ id, score, shard }) => [id, score, shard]),
      JSON.stringify(options),
    )
  }
})

test('vectors without keys: a request that does not fit is refused with a reason', async (t) => {
  const prefix = memoryPrefix()
  await publishVectors(prefix, 10)
  const rows = await published({ rows: numbered(3) })
  const { url } = await served(t, {
    databases: [{ prefix }, { prefix: rows }],
    limits: { maxKeys: 20 },
  })
  const cases: [object, number, RegExp][] = [
    [{}, 400, /expected \\"vector\\".* or \\"vectors\\"/],
    [{ vector: [1, 2], vectors: [[1, 2]] }, 400, /expected \\"vector\\"/],
    [{ vectors: [] }, 400, /vectors/],
    [{ vectors: [[1, 2], [1]] }, 422, /query 1: .*2 values/],
    [{ vector: [1e39, 2] }, 422, /SHARD_INVALID_VALUE/],
    [
      {
        vectors: [
          [1, 2],
          [1, 2],
          [3, 4],
        ],
      },
      400,
      /3 queries may find 30 vectors, more than 20/,
    ],
    [{ vector: [1, 2], topK: 21 }, 400, /topK/],
    [{ vector: [1, 2], probes: 0 }, 400, /probes.*1 or more/],
    [{ vector: [1, 2], probes: 'some' }, 400, /probes/],
    [{ vector: [1, 2], probes: 1, shards: [0] }, 400, /only one/],
    [{ vector: [1, 2], withValues: true }, 400, /these vectors have none/],
    [{ vector: [1, 2], where: 'nope(' }, 400, /where/],
  ]
  for (const [body, status, message] of cases) {
    const answer = await search(url, body)
    assert.equal(answer.status, status, `${JSON.stringify(body)} ${answer.text}`)
    assert.match(answer.text, message, JSON.stringify(body))
  }
  const keyed = await search(url, { vector: [1], probes: 2 }, '/v1/databases/1/search')
  assert.match(keyed.text, /probes is for vectors without keys; pass recall/)
})

test('vectors without keys: paths and commands that need keys say so', async (t) => {
  const prefix = memoryPrefix()
  await publishVectors(prefix, 10)
  const rows = await published({ rows: numbered(3) })
  const { url, redisPort } = await served(t, {
    databases: [{ prefix, name: 'docs' }, { prefix: rows }],
  })
  for (const path of ['/v1/items/1', '/v1/scan', '/v1/databases/docs/scan?limit=2']) {
    const response = await fetch(`${url}${path}`)
    assert.equal(response.status, 400, path)
    assert.match(await response.text(), /"code":"NO_KEYS".*POST \/v1\/databases\/docs\/search/)
  }
  const batch = await search(url, { keys: ['1'] }, '/v1/items:batch')
  assert.match(batch.text, /NO_KEYS/)
  for (const words of [
    ['GET', '1'],
    ['MGET', '1', '2'],
    ['EXISTS', '1'],
    ['STRLEN', '1'],
    ['TYPE', '1'],
    ['SCAN', '0'],
    ['KEYS', '*'],
    ['DBSIZE'],
  ]) {
    const refused = new RegExp(
      `^-NOKEYS ${words[0]!} needs keys, and database 0 has vectors without keys; search them over HTTP with POST /v1/databases/docs/search\r\n\\+OK\r\n$`,
    )
    assert.match(await redis(t, redisPort, ...words), refused)
  }
  const client = await RawClient.open(t, redisPort)
  const expected = '+OK\r\n$7\r\nvalue-1\r\n'
  const both = Buffer.concat([command('SELECT', '1'), command('GET', '1')])
  assert.equal(await client.ask(both, expected), expected)
  const info = await redis(t, redisPort, 'INFO')
  assert.match(info, /# Keyspace\r\ndb1:keys=3,/)
  assert.match(info, /db0_vectors:10\r\n/)
})

test('vectors without keys: facts, health and metrics', async (t) => {
  const prefix = memoryPrefix()
  await publishVectors(prefix, 10)
  const { url, server } = await served(t, { databases: [{ prefix, name: 'docs' }] })
  const [database] = server.databases
  const vectors = { dimensions: 2, metric: 'l2', strategy: 'cluster', totalVectors: 10, probes: 1 }
  assert.equal(database!.keyEncoding, undefined)
  assert.deepEqual({ ...database!.vectors, probes: 1 }, vectors)
  assert.equal(database!.rowCount, 10)
  const info = (await (await fetch(`${url}/v1/info`)).json()) as Record<string, unknown>
  assert.equal(info['keyEncoding'], undefined)
  assert.deepEqual({ ...(info['vectors'] as object), probes: 1 }, vectors)
  const health = await fetch(`${url}/health`)
  assert.equal(health.status, 200)
  assert.match(await health.text(), /"status":"healthy","databases":\[\{"index":0,"name":"docs"/)
  await search(url, {
    vectors: [
      [1, 1],
      [2, 1],
    ],
  })
  const metrics = await server.metrics()
  assert.match(metrics, /shardyfusion_serve_snapshot_rows\{database="docs"\} 10\n/)
  assert.match(metrics, /shardyfusion_reader_search_queries_total\{prefix="docs"\} 2\n/)
})

test('vectors without keys: the server follows a publication while searches run', async (t) => {
  const prefix = memoryPrefix()
  await publishVectors(prefix, 10)
  const { url, server, log } = await served(t, { databases: [{ prefix }], refreshMs: 5 })
  const counts = new Set<number>()
  const before = server.databases[0]!.runId
  await publishVectors(prefix, 20)
  while (server.databases[0]!.runId === before || counts.size < 1) {
    const { status, text } = await search(url, { vector: [0, 1], topK: 50, probes: 'all' })
    assert.equal(status, 200)
    counts.add([...text.matchAll(/"id":/g)].length)
  }
  const after = await search(url, { vector: [0, 1], topK: 50, probes: 'all' })
  counts.add([...after.text.matchAll(/"id":/g)].length)
  assert.ok([...counts].every((count) => count === 10 || count === 20))
  assert.ok(counts.has(20))
  assert.deepEqual(
    log.map(({ event }) => event),
    ['moved'],
  )
})

test('vectors without keys: a running search ends before the server is closed', async (t) => {
  const prefix = memoryPrefix()
  await publishVectors(prefix, 2000)
  const { url, server } = await served(t, { databases: [{ prefix }] })
  const vectors = Array.from({ length: 200 }, (_, i) => [i, 1])
  const running = search(url, { vectors, topK: 10, probes: 'all', exact: true })
  while (!(await server.metrics()).includes('shardyfusion_serve_scans 1\n'))
    await new Promise(setImmediate)
  await server.close()
  const { status, text } = await running
  assert.equal(status, 200)
  assert.equal([...text.matchAll(/"id":/g)].length, 2000)
})

import assert from 'node:assert/strict'
import { request } from 'node:http'
import { test } from 'node:test'
import { writeSnapshot } from '@shardyfusion/core'
import { sqliteVec } from '@shardyfusion/vector'
import { served } from '../support/served.js'
import { memoryPrefix, numbered, published } from '../support/snapshot.js'

interface Answer {
  readonly status: number
  readonly type: string
  readonly text: string
}

async function ask(url: string, init?: RequestInit): Promise<Answer> {
  const response = await fetch(url, init)
  const type = response.headers.get('content-type') ?? ''
  return { status: response.status, type, text: await response.text() }
}

function post(url: string, body: unknown): Promise<Answer> {
  const headers = { 'content-type': 'application/json' }
  return ask(url, { method: 'POST', headers, body: JSON.stringify(body) })
}

test('HTTP: one value is its bytes, and a missing key is 404', async (t) => {
  const prefix = await published({
    keyEncoding: 'utf8',
    rows: [
      ['a/b ü', '{"x": 1}'],
      ['raw', Uint8Array.of(0, 255)],
    ],
  })
  const { url } = await served(t, { databases: [{ prefix, name: 'main' }] })
  const found = await ask(`${url}/v1/items/${encodeURIComponent('a/b ü')}`)
  assert.deepEqual(found, { status: 200, type: 'application/octet-stream', text: '{"x": 1}' })
  const bytes = await (await fetch(`${url}/v1/databases/main/items/raw`)).arrayBuffer()
  assert.deepEqual(new Uint8Array(bytes), Uint8Array.of(0, 255))
  const missing = await ask(`${url}/v1/items/x`)
  assert.equal(missing.status, 404)
  assert.deepEqual(JSON.parse(missing.text), {
    error: { code: 'NOT_FOUND', message: 'the key does not exist' },
  })
  const other = await ask(`${url}/v1/databases/nope/items/x`)
  assert.equal(other.status, 404)
  assert.match(other.text, /the databases are main/)
})

test('HTTP: values in JSON are text, base64, or the stored JSON', async (t) => {
  const prefix = await published({
    keyEncoding: 'utf8',
    rows: [
      ['bytes', Uint8Array.of(255)],
      ['json', '{"big":\n12345678901234567890}'],
      ['text', 'line\n"quoted"'],
    ],
  })
  const databases = [{ prefix }]
  const auto = await served(t, { databases })
  assert.equal(
    (await ask(`${auto.url}/v1/scan`)).text,
    '{"key":"bytes","base64":"/w=="}\n' +
      '{"key":"json","value":"{\\"big\\":\\n12345678901234567890}"}\n' +
      '{"key":"text","value":"line\\n\\"quoted\\""}\n',
  )
  const batch = await post(`${auto.url}/v1/items:batch`, { keys: ['text', 'none', 'bytes'] })
  assert.deepEqual(JSON.parse(batch.text), {
    items: [
      { key: 'text', found: true, value: 'line\n"quoted"' },
      { key: 'none', found: false },
      { key: 'bytes', found: true, base64: '/w==' },
    ],
  })
  const json = await served(t, { databases, values: 'json' })
  assert.equal(
    (await post(`${json.url}/v1/items:batch`, { keys: ['json'] })).text,
    '{"items":[{"key":"json","found":true,"value":{"big": 12345678901234567890}}]}',
  )
  const one = await ask(`${json.url}/v1/items/json`)
  assert.match(one.type, /^application\/json/)
  const wrong = await post(`${json.url}/v1/items:batch`, { keys: ['text'] })
  assert.equal(wrong.status, 422)
  assert.match(wrong.text, /SHARD_INVALID_VALUE","message":"a value is not JSON/)
  const cut = await ask(`${json.url}/v1/scan?start=json`)
  assert.equal(cut.text.split('\n').length, 3)
  assert.match(cut.text, /\n\{"error":\{"code":"SHARD_INVALID_VALUE"/)
})

test('HTTP: a snapshot that was written as JSON or text says so', async (t) => {
  const [json, text] = [memoryPrefix(), memoryPrefix()]
  const sharding = { shards: 1 }
  await writeSnapshot([[1, { a: 1 }]], { prefix: json, sharding, values: 'json' })
  await writeSnapshot([[1, '{"a":1}']], { prefix: text, sharding, values: 'utf8' })
  const { url } = await served(t, { databases: [{ prefix: json }, { prefix: text }] })
  assert.equal((await ask(`${url}/v1/scan`)).text, '{"key":"1","value":{"a":1}}\n')
  assert.match((await ask(`${url}/v1/items/1`)).type, /^application\/json/)
  const other = `${url}/v1/databases/1`
  assert.equal((await ask(`${other}/scan`)).text, '{"key":"1","value":"{\\"a\\":1}"}\n')
  assert.match((await ask(`${other}/items/1`)).type, /^text\/plain/)
})

test('HTTP: keys follow the encoding of the snapshot, with clear errors', async (t) => {
  const integers = await published({ rows: numbered(20) })
  const raw = await published({ keyEncoding: 'raw', rows: [[Uint8Array.of(1, 255), 'x']] })
  const { url } = await served(t, { databases: [{ prefix: integers }, { prefix: raw }] })
  assert.equal((await ask(`${url}/v1/items/7`)).text, 'value-7')
  const bad = await ask(`${url}/v1/items/seven`)
  assert.equal(bad.status, 400)
  assert.match(bad.text, /SHARD_INVALID_KEY.*are integers \(u64be\): expected digits from 0/)
  const range = await ask(`${url}/v1/scan?start=3&end=6&keys-only=true&reverse=true`)
  assert.equal(range.text, '{"key":"5"}\n{"key":"4"}\n{"key":"3"}\n')
  assert.equal(range.type, 'application/x-ndjson')
  assert.equal((await ask(`${url}/v1/scan?limit=2`)).text.split('\n').length, 3)
  const numbers = await post(`${url}/v1/items:batch`, { keys: [1, '2'] })
  assert.match(numbers.text, /"key":"1","found":true.*"key":"2","found":true/)
  const rounded = await post(`${url}/v1/items:batch`, { keys: [2 ** 60] })
  assert.match(rounded.text, /must be a string of digits/)
  assert.equal((await ask(`${url}/v1/databases/1/items/01ff`)).text, 'x')
  assert.match((await ask(`${url}/v1/databases/1/items/xyz`)).text, /expected hexadecimal digits/)
  for (const query of ['limit=0', 'limit=1e3', 'limit=100001', 'reverse=maybe', 'start=x'])
    assert.equal((await ask(`${url}/v1/scan?${query}`)).status, 400, query)
})

test('HTTP: a CEL expression gets its columns from context', async (t) => {
  const prefix = memoryPrefix()
  const regions = ['ap', 'eu', 'us']
  const rows = regions.map((region, i) => ({ id: i, region, value: `in ${region}` }))
  await writeSnapshot(rows, {
    prefix,
    key: 'id',
    value: 'value',
    values: 'utf8',
    context: (row) => ({ region: row.region }),
    sharding: { cel: 'region', columns: { region: 'string' }, values: regions },
  })
  const { url } = await served(t, { databases: [{ prefix }] })
  const context = encodeURIComponent('{"region":"eu"}')
  assert.equal((await ask(`${url}/v1/items/1?context=${context}`)).text, 'in eu')
  const without = await ask(`${url}/v1/items/1`)
  assert.equal(without.status, 400)
  assert.match(without.text, /SHARD_ROUTING/)
  assert.equal((await ask(`${url}/v1/items/1?context=5`)).status, 400)
})

test('HTTP: probes, facts and metrics contain no location', async (t) => {
  const prefix = await published({ rows: numbered(20) })
  const { url } = await served(t, { databases: [{ prefix, name: 'prices' }] })
  await ask(`${url}/v1/items/1`)
  const texts: string[] = []
  for (const path of ['/live', '/ready', '/health', '/metrics', '/v1/info', '/v1/databases']) {
    const answer = await ask(`${url}${path}`)
    assert.equal(answer.status, 200, path)
    texts.push(answer.text)
  }
  const all = texts.join('\n')
  assert.ok(!all.includes(new URL(prefix).hostname))
  assert.match(texts[2]!, /^\{"status":"healthy","databases":\[\{"index":0,"name":"prices"/)
  assert.match(texts[3]!, /shardyfusion_serve_snapshot_rows\{database="prices"\} 20\n/)
  assert.match(texts[3]!, /command="\/v1\/items\/:key"\} 1\n/)
  const info = JSON.parse(texts[4]!) as Record<string, unknown>
  assert.equal(info['rowCount'], 20)
  assert.equal(info['keyEncoding'], 'u64be')
})

test('HTTP: the token, the host and the path are checked', async (t) => {
  const prefix = await published({ rows: numbered(20) })
  const token = 'a token of 23 characters'
  const { url } = await served(t, { databases: [{ prefix }], token })
  for (const authorization of ['', 'Bearer', 'Bearer wrong', `Basic ${token}`, token]) {
    const denied = await ask(`${url}/v1/items/1`, { headers: { authorization } })
    assert.equal(denied.status, 401, authorization)
    assert.ok(!denied.text.includes(token))
  }
  for (const path of ['/health', '/metrics', '/v1/info', '/nope'])
    assert.equal((await ask(`${url}${path}`)).status, 401, path)
  assert.equal((await ask(`${url}/ready`)).status, 200)
  const headers = { authorization: `Bearer ${token}` }
  assert.equal((await ask(`${url}/v1/items/1`, { headers })).text, 'value-1')

  const open = await served(t, { databases: [{ prefix }] })
  const { port } = open.server.http!
  for (const [host, status] of [
    ['attacker.example', 403],
    [`attacker.example:${port}`, 403],
    [`localhost:${port}`, 200],
    ['127.0.0.1', 200],
    [`[::1]:${port}`, 200],
  ] as const) {
    const answer = await new Promise<number>((resolve, reject) => {
      const asked = request({ port, host: '127.0.0.1', path: '/v1/info', headers: { host } })
      asked.on('response', (response) => {
        response.resume()
        resolve(response.statusCode ?? 0)
      })
      asked.on('error', reject)
      asked.end()
    })
    assert.equal(answer, status, host)
  }
  for (const path of [
    '/v1/items/..%2f..%2fetc%2fpasswd',
    '/v1/items/%2e%2e',
    '/v1/databases/..%2f/info',
  ])
    assert.ok([400, 404].includes((await ask(`${open.url}${path}`)).status), path)
  assert.equal((await ask(`${open.url}/v1/items/1`, { method: 'PUT', body: 'x' })).status, 404)
  assert.equal((await ask(`${open.url}/v1/items/1`, { method: 'DELETE' })).status, 404)
})

test('HTTP: requests above a limit are refused', async (t) => {
  const prefix = await published({ rows: numbered(20) })
  const { url } = await served(t, {
    databases: [{ prefix }],
    limits: { maxKeys: 3, maxRequestBytes: 2000 },
  })
  assert.equal((await post(`${url}/v1/items:batch`, { keys: ['1', '2', '3', '4'] })).status, 400)
  const large = await post(`${url}/v1/items:batch`, { keys: ['1'.repeat(3000)] })
  assert.equal(large.status, 413)
  assert.equal((await ask(`${url}/v1/items/${'1'.repeat(10_000)}`)).status, 400)
})

test('HTTP: a search returns the nearest vectors, with payloads and values', async (t) => {
  const prefix = memoryPrefix()
  const rows = Array.from({ length: 50 }, (_, i) => ({ id: i, at: [i, 0], name: `row ${i}` }))
  await writeSnapshot(rows, {
    prefix,
    key: 'id',
    value: 'name',
    values: 'utf8',
    sharding: { shards: 2 },
    engine: sqliteVec(),
    vector: {
      of: ({ at }) => Float32Array.from(at),
      dimensions: 2,
      metric: 'l2',
      payload: ({ id }) => ({ even: id % 2 === 0 }),
    },
  })
  const { url } = await served(t, { databases: [{ prefix, engine: sqliteVec() }] })
  const asked = { vector: [7, 0], topK: 2, where: 'payload.even == true', withValues: true }
  const { results, shardsQueried } = JSON.parse((await post(`${url}/v1/search`, asked)).text) as {
    results: Record<string, unknown>[]
    shardsQueried: number
  }
  assert.equal(shardsQueried, 2)
  assert.deepEqual(
    results
      .map(({ id, score, value, payload }) => [id, score, value, payload])
      .toSorted(([a], [b]) => Number(a) - Number(b)),
    [
      [6, 1, 'row 6', { even: true }],
      [8, 1, 'row 8', { even: true }],
    ],
  )
  assert.match((await ask(`${url}/v1/info`)).text, /"vectors":\{"dimensions":2,"metric":"l2"\}/)
  const other = await post(`${url}/v1/search`, { vector: [1] })
  assert.equal(other.status, 422)
  assert.match(other.text, /dimensions/)
})

test('HTTP: a search needs vectors', async (t) => {
  const prefix = await published({ rows: numbered(20) })
  const { url } = await served(t, { databases: [{ prefix }] })
  const none = await post(`${url}/v1/search`, { vector: [1, 2] })
  assert.equal(none.status, 400)
  assert.match(none.text, /SHARD_INVALID_OPTION/)
  assert.equal((await post(`${url}/v1/search`, { vector: ['x'] })).status, 400)
  assert.equal((await post(`${url}/v1/search`, { vector: [1], nope: 1 })).status, 400)
})

test('HTTP: values come from the cache that both protocols share, in every form of keys', async (t) => {
  const rows = numbered(20)
  const texts = await published({
    keyEncoding: 'utf8',
    rows: [['k/ü', 'text']],
  })
  const raw = await published({ keyEncoding: 'raw', rows: [[Uint8Array.of(1, 255), 'bytes']] })
  const { url, server } = await served(t, {
    databases: [{ prefix: await published({ rows }) }, { prefix: texts }, { prefix: raw }],
  })
  const cached = async () => Number(/cached_keys_total (\d+)\n/.exec(await server.metrics())![1])
  const paths = ['0/items/7', '0/items/99', `1/items/${encodeURIComponent('k/ü')}`, '2/items/01FF']
  const read = () => Promise.all(paths.map((path) => ask(`${url}/v1/databases/${path}`)))
  const first = await read()
  assert.equal(await cached(), 0)
  assert.deepEqual(await read(), first)
  assert.equal(await cached(), 4)
  assert.deepEqual(
    first.map(({ status, text }) => (status === 200 ? text : status)),
    ['value-7', 404, 'text', 'bytes'],
  )
  const keys = ['7', 8, '99']
  const batch = await post(`${url}/v1/items:batch`, { keys })
  assert.equal(await cached(), 4, 'the cache lacks a key, so all are read from one snapshot')
  assert.deepEqual(await post(`${url}/v1/items:batch`, { keys }), batch)
  assert.equal(await cached(), 7)
  assert.equal(
    batch.text,
    '{"items":[{"key":"7","found":true,"value":"value-7"},{"key":"8","found":true,"value":"value-8"},{"key":"99","found":false}]}',
  )
})

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { connect } from 'node:net'
import { test, type TestContext } from 'node:test'
import { writeSnapshot } from '@shardyfusion/core'
import { sqliteVec, writeVectors } from '@shardyfusion/vector'
import { shardy, startShardy } from '../support/shardy.js'
import { emptyPlace, fileIn, publishedPlace } from '../support/snapshot.js'

interface Listening {
  readonly http: { readonly url: string }
  readonly redis: { readonly port: number }
  readonly databases: { readonly name: string; readonly rowCount: number }[]
}

/** Starts the server and returns its first event, the later ones, and the process. */
async function startServer(t: TestContext, args: readonly string[], env?: Record<string, string>) {
  const ports = ['--http-port', '0', '--redis-port', '0', '--json']
  const child = startShardy(t, ['serve', ...args, ...ports], env === undefined ? {} : { env })
  let stderr = ''
  child.stderr.on('data', (data: Buffer) => (stderr += data.toString()))
  const lines: string[] = []
  const reading = createInterface({ input: child.stdout })
  reading.on('line', (line) => lines.push(line))
  await Promise.race([once(reading, 'line'), once(child, 'exit')])
  assert.equal(child.exitCode, null, stderr)
  return { child, lines, listening: JSON.parse(lines[0]!) as Listening }
}

async function ask(port: number, text: string, length: number): Promise<string> {
  const socket = connect(port, '127.0.0.1').setEncoding('utf8')
  socket.write(text)
  let reply = ''
  for await (const part of socket) {
    reply += String(part)
    if (reply.length >= length) break
  }
  return reply
}

test('serve: answers over both protocols until SIGTERM, then exits with 0', async (t) => {
  const place = await publishedPlace(['a', 20])
  const { child, lines, listening } = await startServer(t, [place.prefix])
  assert.deepEqual(
    listening.databases.map(({ name, rowCount }) => [name, rowCount]),
    [['0', 20]],
  )
  const value = '{"id":7,"name":"a-7"}'
  assert.equal(await (await fetch(`${listening.http.url}/v1/items/7`)).text(), value)
  const reply = `$${value.length}\r\n${value}\r\n`
  assert.equal(await ask(listening.redis.port, 'GET 7\r\n', reply.length), reply)
  child.kill('SIGTERM')
  const [code] = (await once(child, 'close')) as [number]
  assert.equal(code, 0)
  assert.deepEqual(
    lines.slice(1).map((line) => (JSON.parse(line) as { event: string }).event),
    ['stopping', 'closed'],
  )
})

test('serve: several locations are databases, with names', async (t) => {
  const one = await publishedPlace(['a', 3])
  const two = await publishedPlace(['b', 4])
  const { listening } = await startServer(t, [
    `first=${one.prefix}`,
    two.prefix,
    '--values',
    'json',
  ])
  assert.deepEqual(
    listening.databases.map(({ name, rowCount }) => [name, rowCount]),
    [
      ['first', 3],
      ['1', 4],
    ],
  )
  const response = await fetch(`${listening.http.url}/v1/databases/1/scan?start=3`)
  assert.equal(await response.text(), '{"key":"3","value":{"id":3,"name":"b-3"}}\n')
})

test('serve: vectors with and without keys, with the results of search --json', async (t) => {
  const [rows, alone] = [emptyPlace(), emptyPlace()]
  const records = Array.from({ length: 100 }, (_, i) => ({
    id: 2n ** 60n + BigInt(i),
    v: Float32Array.from([Math.sin(i), Math.cos(i)]),
  }))
  const common = { engine: sqliteVec(), runId: 'r' } as const
  const vector = { of: 'v', dimensions: 2, metric: 'l2', payload: () => ({ n: 5 }) } as const
  await writeSnapshot(records, {
    ...common,
    prefix: rows.prefix,
    sharding: { shards: 2 },
    key: 'id',
    value: ({ id }) => Buffer.from(String(id)),
    vector,
  })
  await writeVectors(records, {
    ...common,
    prefix: alone.prefix,
    vector: 'v',
    payload: () => ({ n: 5 }),
    dimensions: 2,
    metric: 'l2',
    sharding: { clusters: 4 },
  })
  const { listening } = await startServer(t, [`rows=${rows.prefix}`, `alone=${alone.prefix}`])
  assert.deepEqual(
    listening.databases.map(({ name, rowCount }) => [name, rowCount]),
    [
      ['rows', 100],
      ['alone', 100],
    ],
  )
  const queries = [
    [0.1, 0.9],
    [-1, 0.5],
  ]
  for (const [name, prefix, more] of [
    ['rows', rows.prefix, []],
    ['alone', alone.prefix, ['--probes', '2']],
  ] as const) {
    const asked = ['search', ...queries.map((query) => JSON.stringify(query)), '-k', '3', ...more]
    const { stdout } = await shardy([...asked, '--json', '-p', prefix])
    const body = JSON.stringify({
      vectors: queries,
      topK: 3,
      ...(more.length > 0 && { probes: 2 }),
    })
    const url = `${listening.http.url}/v1/databases/${name}/search`
    const headers = { 'content-type': 'application/json' }
    const text = await (await fetch(url, { method: 'POST', headers, body })).text()
    const [, results] = /^\{"results":(\[.*\]),"shardsQueried"/.exec(text)!
    assert.equal(
      results,
      stdout.replace(/\n *\]?/g, (end) => end.trim()),
    )
    assert.match(results!, /"query":1,"id":11529215046068\d+,/)
  }
})

test('serve: the token comes from a file or the environment, and is never printed', async (t) => {
  const place = await publishedPlace(['a', 3])
  const token = 'secret-of-20-letters'
  const file = fileIn(place, 'token.txt', `${token}\n`)
  for (const [args, env] of [
    [['--token-file', file], {}],
    [[], { SHARDY_SERVE_TOKEN: token }],
  ] as const) {
    const { lines, listening } = await startServer(t, [place.prefix, ...args], env)
    assert.equal((await fetch(`${listening.http.url}/v1/items/1`)).status, 401)
    const headers = { authorization: `Bearer ${token}` }
    assert.equal((await fetch(`${listening.http.url}/v1/items/1`, { headers })).status, 200)
    assert.ok(!lines.join('').includes(token))
  }
})

test('serve: refuses what cannot work before it listens', async () => {
  const place = await publishedPlace(['a', 3])
  const nothing = emptyPlace()
  const cases: [string[], number, RegExp][] = [
    [
      ['--host', '0.0.0.0', place.prefix],
      2,
      /host must be a loopback address unless there is a token/,
    ],
    [['--token-file', '/nonexistent', place.prefix], 2, /--token-file: ENOENT/],
    [['--no-http', '--no-redis', place.prefix], 2, /nothing would listen/],
    [['--refresh', 'soon', place.prefix], 2, /--refresh must be a number and a unit/],
    [['--values', 'hex', place.prefix], 2, /--values must be auto, text, json or base64/],
    [['--http-port', '99999', place.prefix], 2, /port/],
    [[nothing.prefix], 3, /nothing is published below/],
    [[], 2, /the location of the snapshot is missing/],
  ]
  await Promise.all(
    cases.map(async ([args, code, message]) => {
      const ran = await shardy(['serve', ...args])
      assert.equal(ran.code, code, `${args.join(' ')}: ${ran.stderr}`)
      assert.match(ran.stderr, message)
      assert.equal(ran.stdout, '')
    }),
  )
})

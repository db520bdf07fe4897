import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { text as textOf } from 'node:stream/consumers'
import { test } from 'node:test'
import {
  cleanupSnapshots,
  listRuns,
  listSnapshots,
  planCleanup,
  rollbackSnapshot,
  verifySnapshot,
} from '@shardyfusion/core/maintain'
import type { EngineOptions, ObjectStore } from '@shardyfusion/core/extend'
import {
  MemoryStore,
  openObjectStore,
  ShardReader,
  ShardWriter,
  SnapshotReader,
  writeSnapshot,
} from '@shardyfusion/core'
import { objectEngine } from '../support/object-engine.js'
import { withS3Server } from '../support/s3-server.js'
import { tempFolder } from '@shardyfusion/test-support/temp-folder'
import { assertNoSecrets, BAD_ANSWERS, SECRETS, shown, startBadServer } from './support.js'

const { accessKeyId, secretAccessKey, sessionToken, password, variable } = SECRETS
const credentials = { accessKeyId, secretAccessKey, sessionToken }
const prefix = 's3://bucket/prices'
const rows = [[1, 'one']] as const
const build = { sharding: { shards: 1 }, values: 'utf8' } as const

/** Runs it, which must fail, and gives all there is to see of the failure. */
async function failureOf(work: () => unknown): Promise<string> {
  try {
    await work()
  } catch (error) {
    return shown(error)
  }
  return assert.fail('it should have failed')
}

/** The same for what may succeed: a page of some proxy is an object like any other. */
async function outcomeOf(work: () => unknown): Promise<string> {
  try {
    await work()
    return 'done'
  } catch (error) {
    return shown(error)
  }
}

const variables = {
  AWS_ACCESS_KEY_ID: accessKeyId,
  AWS_SECRET_ACCESS_KEY: secretAccessKey,
  AWS_SESSION_TOKEN: sessionToken,
  MY_OWN_VARIABLE: variable,
}

/** Every way to hand over the keys, for storage at an endpoint. */
function ways(endpoint: string): [name: string, options: Partial<EngineOptions>][] {
  const quick = {
    endpoint,
    region: 'eu-west-1',
    maxAttempts: 1,
    connectTimeoutMs: 300,
    requestTimeoutMs: 300,
  }
  const envFile = join(tempFolder(), 'keys.env')
  writeFileSync(
    envFile,
    Object.entries(variables)
      .map(([name, value]) => `${name}=${value}\n`)
      .join(''),
  )
  return [
    ['static', { s3: { ...quick, credentials } }],
    ['a function', { s3: { ...quick, credentials: async () => credentials } }],
    ['env', { s3: quick, env: variables }],
    ['envFile', { s3: quick, envFile }],
  ]
}

for (const [what, answer] of Object.entries(BAD_ANSWERS)) {
  test(`no failure shows a secret: storage answers with ${what}`, async () => {
    await using server = await startBadServer()
    server.answer = answer
    for (const [way, options] of ways(server.endpoint)) {
      const at = { prefix, ...options, openTimeoutMs: 1000 }
      const { openTimeoutMs: _, ...maintenance } = at
      const shard = { url: `${prefix}/shard`, ...options, openTimeoutMs: 1000 }
      const store = await openObjectStore(prefix, options)
      assertNoSecrets(shown(store), `the store itself, keys by ${way}`)
      const calls: [string, () => unknown][] = [
        ['get', () => store.get(`${prefix}/x`)],
        ['put', () => store.put(`${prefix}/x`, new Uint8Array(1))],
        ['listPrefixes', () => store.listPrefixes(prefix)],
        ['deletePrefix', () => store.deletePrefix(prefix)],
        ['SnapshotReader', () => SnapshotReader.open(at)],
        ['writeSnapshot', () => writeSnapshot(rows, { ...at, ...build })],
        ['ShardReader', () => ShardReader.open({ ...shard, engine: 'wasm' })],
        ['ShardWriter', () => ShardWriter.open({ ...shard, engine: 'wasm' })],
        ['listSnapshots', () => listSnapshots(maintenance)],
        ['listRuns', () => listRuns(maintenance)],
        ['rollbackSnapshot', () => rollbackSnapshot({ ...maintenance, offset: 1 })],
        ['cleanupSnapshots', () => cleanupSnapshots(maintenance)],
        ['verifySnapshot', () => verifySnapshot(at)],
      ]
      const outcomes = await Promise.all(
        calls.map(async ([name, call]): Promise<[string, string]> => [name, await outcomeOf(call)]),
      )
      const failed = outcomes.filter(([, outcome]) => outcome !== 'done')
      assert.ok(failed.length > 7, `${failed.length} calls failed`)
      for (const [name, text] of outcomes) assertNoSecrets(text, `${name}, keys by ${way}`)
      await store.close?.()
    }
  })
}

test('no failure shows a secret: the native engine cannot reach its storage', async () => {
  await using server = await startBadServer()
  server.answer = BAD_ANSWERS['a wrong signature, with the request that was signed']!
  // A process of its own: the engine goes on trying for minutes after it was given up.
  const script = `
    import { inspect } from 'node:util'
    import { MemoryStore, ShardReader } from '@shardyfusion/core'
    const env = ${JSON.stringify({ ...variables, AWS_ENDPOINT: server.endpoint, AWS_ALLOW_HTTP: 'true' })}
    // A store of another kind, so that nobody asks storage before the engine does.
    const options = { url: '${prefix}/shard', objects: new MemoryStore(), engine: 'native', openTimeoutMs: 1500, env }
    await ShardReader.open(options).then(
      () => console.log('opened'),
      (error) => console.log('failed', inspect(error, { depth: 12, showHidden: true }), error.stack),
    )
    process.exit()
  `
  const cwd = new URL('../..', import.meta.url)
  const child = spawn(process.execPath, ['--input-type=module', '--eval', script], { cwd })
  const output = [child.stdout, child.stderr].map((stream) => textOf(stream))
  const [said, logged] = await Promise.all(output)
  assert.match(said!, /^failed /, logged)
  assertNoSecrets(`${said}${logged}`, 'native')
})

test('no refused option shows a secret, wherever it was put', async () => {
  const refused: unknown[] = [
    { prefix: `s3://user:${password}@bucket/x` },
    { prefix: `https://user:${password}@host/x` },
    { prefix: `s3://bucket/x?token=${password}` },
    { prefix, s3: { endpoint: `http://user:${password}@127.0.0.1:1` } },
    { prefix, s3: { endpoint: `http://127.0.0.1:1/?key=${password}` } },
    { prefix, s3: { credentials: secretAccessKey } },
    { prefix, s3: { credentials: [secretAccessKey] } },
    { prefix, s3: { credentials: { accessKeyId, secretAccessKey: { value: secretAccessKey } } } },
    { prefix, s3: { credentials: { accessKeyId: Buffer.from(accessKeyId), secretAccessKey } } },
    { prefix, s3: { credentials: { accessKeyId, secret: secretAccessKey } } },
    { prefix, s3: { credentials, secretAccessKey } },
    { prefix, s3: { region: [sessionToken] } },
    { prefix, s3: secretAccessKey },
    { prefix, env: { AWS_SECRET_ACCESS_KEY: [secretAccessKey] } },
    { prefix, env: secretAccessKey },
    { prefix, env: { AWS_ENDPOINT_URL: `http://user:${password}@127.0.0.1:1` } },
    { prefix, secretAccessKey },
  ]
  for (const options of refused) {
    for (const open of [SnapshotReader.open, listSnapshots, cleanupSnapshots, verifySnapshot]) {
      const text = await failureOf(() => (open as (o: unknown) => unknown)(options))
      assertNoSecrets(text, JSON.stringify(Object.keys(options as object)))
    }
    const written = { ...(options as object), ...build }
    assertNoSecrets(await failureOf(() => writeSnapshot(rows, written as never)), 'writeSnapshot')
  }
})

/** Everything below a prefix, names and bytes. */
async function everything(objects: ObjectStore, url: string): Promise<string> {
  const parts: string[] = []
  for await (const info of objects.list(url)) {
    parts.push(info.url, Buffer.from((await objects.get(info.url)) ?? []).toString('latin1'))
  }
  assert.ok(parts.length > 0, 'there is something to look through')
  return parts.join('\n')
}

test('a run record does not keep the secrets of what made its build fail', async () => {
  const objects = new MemoryStore()
  const at = { prefix: 'memory://secrets/build', objects, engine: objectEngine() }
  const failures = [
    `connect ECONNREFUSED postgres://app:${password}@db.internal/prices`,
    `request failed: {"Authorization": "Bearer ${sessionToken}"}`,
    `PUT https://bucket/x?X-Amz-Security-Token=${encodeURIComponent(sessionToken)}&X-Amz-Signature=1 failed`,
    `AWS_SECRET_ACCESS_KEY=${secretAccessKey} is not valid for ${accessKeyId}`,
    `password: "${password}"`,
  ]
  for (const message of failures) {
    function* source(): Generator<readonly [number, string]> {
      yield [1, 'one']
      throw new Error(message)
    }
    await assert.rejects(writeSnapshot(source(), { ...at, ...build }))
  }
  const records = await listRuns({ prefix: at.prefix, objects })
  assert.ok(records.length > 0 && records.every(({ record }) => record?.status === 'failed'))
  assertNoSecrets(await everything(objects, at.prefix), 'what is stored')
})

await withS3Server('secrets', ({ endpoint, bucket }) => {
  test('nothing that is written, said or reported shows a secret: S3', async (t) => {
    const place = `s3://${bucket}/${randomUUID()}`
    const said: unknown[] = []
    const s3 = { endpoint, region: 'us-east-1', credentials }
    for (const [way, options] of [
      ['static', { s3 }],
      ['env', { s3: { endpoint, region: 'us-east-1' }, env: variables }],
    ] as const) {
      const at = { prefix: place, ...options }
      const published = await writeSnapshot(rows, {
        ...at,
        ...build,
        custom: { note: 'mine' },
        onProgress: (progress) => said.push(progress),
        onWarning: (warning) => said.push(warning),
      })
      const reader = await SnapshotReader.open(at)
      said.push(published, reader, reader.info(), reader.shards(), reader.health())
      await reader.close()
      const plan = await planCleanup({ ...at, keepLast: 1 })
      said.push(plan, plan.report(), await verifySnapshot(at), await listSnapshots(at), way)
    }
    for (const value of said) assertNoSecrets(shown(value), 'what was said')
    const objects = await openObjectStore(place, { s3 })
    t.after(() => objects.close?.())
    assertNoSecrets(await everything(objects, place), 'what is stored')
  })
})

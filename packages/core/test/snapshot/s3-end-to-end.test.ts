import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { inspect } from 'node:util'
import { ListObjectsV2Command, HeadObjectCommand } from '@aws-sdk/client-s3'
import type { EngineOptions } from '@shardyfusion/core/extend'
import {
  ShardReader,
  ShardWriter,
  SnapshotReader,
  SnapshotWriter,
  writeSnapshot,
} from '@shardyfusion/core'
import type { S3Credentials } from '#dist/store/s3/connect/s3-options.js'
import { S3Store } from '#dist/store/s3/s3-store.js'
import { tempDirectory } from '../store/temp-root.js'
import { startFaultProxy } from '../support/fault-proxy.js'
import { withProcessEnv } from '../support/process-env.js'
import { rawClient } from '../support/s3-raw.js'
import {
  createBucket,
  pythonWithMoto,
  type S3Server,
  startMoto,
  withS3Server,
} from '../support/s3-server.js'
import { rejectsWith } from '@shardyfusion/test-support/throws'

const pairs = Array.from({ length: 200 }, (_, i) => [i, Buffer.from(`value ${i}`)] as const)

await withS3Server('end to end', (server) => {
  for (const engine of ['wasm', 'native'] as const) withEngine(server, engine)
  openings(server)
})

/** What store and engine do together. */
function withEngine(server: S3Server, engine: 'wasm' | 'native'): void {
  const { bucket, endpoint, s3 } = server
  const newPrefix = (): string => `s3://${bucket}/${randomUUID()}`
  const check = (behaviour: string, run: (t: TestContext) => Promise<void>): void => {
    test(`on S3 with the ${engine} engine, ${behaviour}`, run)
  }

  check('the newer of two writers of one shard seals it, the older is told', async (t) => {
    const url = `${newPrefix()}/shard`
    const older = await ShardWriter.open({ url, engine, s3 })
    t.after(() => older.close().catch(() => {}))
    await older.put(1, Buffer.from('old'))
    await older.flush()
    const newer = await ShardWriter.open({ url, engine, s3 })
    await newer.put(1, Buffer.from('new'))
    await older.put(2, Buffer.from('old'))
    // In WebAssembly the first to seal wins; the native engine fences the older when the newer opens.
    if (engine === 'wasm') await newer.seal()
    const told = engine === 'wasm' ? /has a shard already/ : /another writer has taken over s3:\/\//
    const error = await rejectsWith('SHARD_ENGINE', told, () => older.seal())
    assert.equal(error.details['fenced'], true)
    assert.equal(error.retryable, false)
    if (engine === 'native') await newer.seal()
    const reader = await ShardReader.open({ url, engine, s3 })
    t.after(() => reader.close())
    assert.deepEqual(await reader.getMany([1, 2]), [new Uint8Array(Buffer.from('new')), undefined])
  })

  check('the objects lie where the wire format says', async (t) => {
    const prefix = newPrefix()
    const { runId } = await writeSnapshot(pairs, { prefix, sharding: { shards: 2 }, engine, s3 })
    const client = rawClient(t, server)
    const key = prefix.slice(`s3://${bucket}/`.length)
    const { Contents = [] } = await client.send(
      new ListObjectsV2Command({ Bucket: bucket, Prefix: `${key}/` }),
    )
    const names = Contents.map((found) => found.Key!.slice(key.length + 1))
    const shard = new RegExp(
      `^shards/run_id=${runId}/db=0000[01]/attempt=00/((manifest|wal|compacted|compactions)/[^/]+|_SEALED)$`,
    )
    const others = names.filter((name) => !shard.test(name))
    assert.equal(others.length, 3)
    assert.equal(others[0], '_CURRENT')
    const manifest = new RegExp(
      `^manifests/\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{6}Z_run_id=${runId}/manifest$`,
    )
    assert.match(others[1] ?? '', manifest)
    assert.match(
      others[2] ?? '',
      new RegExp(`^runs/[^/]+_run_id=${runId}_[0-9a-f]{32}/run\\.yaml$`),
    )
    for (const [name, type] of [
      [others[0], 'application/json'],
      [others[1], 'application/x-sqlite3'],
      [others[2], 'application/x-yaml'],
    ]) {
      const head = await client.send(
        new HeadObjectCommand({ Bucket: bucket, Key: `${key}/${name}` }),
      )
      assert.equal(head.ContentType, type)
      assert.deepEqual(head.Metadata, {})
    }
    assert.ok(
      names.some((name) => name.includes('/db=00000/')) &&
        names.some((name) => name.includes('/db=00001/')),
    )
  })

  check('variables alone configure store and engine, wherever they come from', async (t) => {
    const { accessKeyId, secretAccessKey } = s3.credentials as S3Credentials
    const env = {
      AWS_ENDPOINT_URL: endpoint,
      AWS_REGION: 'us-east-1',
      AWS_ACCESS_KEY_ID: accessKeyId,
      AWS_SECRET_ACCESS_KEY: secretAccessKey,
    }
    // What else there is must not get in between.
    withProcessEnv(t, { AWS_SESSION_TOKEN: 'of another role', AWS_ENDPOINT: 'http://127.0.0.1:1' })
    const prefix = newPrefix()
    await writeSnapshot(pairs, { prefix, sharding: { shards: 2 }, engine, env })
    withProcessEnv(t, env)
    const reader = await SnapshotReader.open({ prefix, engine })
    t.after(() => reader.close())
    assert.deepEqual(await reader.get(7), new Uint8Array(pairs[7]![1]))
  })

  check('a store given as objects also connects the engine', async (t) => {
    const store = new S3Store({ s3 })
    t.after(() => store.close())
    const prefix = newPrefix()
    await writeSnapshot(pairs, { prefix, sharding: { shards: 2 }, objects: store, engine })
    const reader = await SnapshotReader.open({ prefix, objects: store, engine })
    assert.equal((await reader.getMany(pairs.map(([key]) => key))).filter(Boolean).length, 200)
    await reader.close()
    assert.notEqual(await store.head(`${prefix}/_CURRENT`), undefined)
    await rejectsWith('SHARD_INVALID_OPTION', /s3 and an S3 store in objects/, () =>
      SnapshotReader.open({ prefix, objects: store, engine, s3 }),
    )
  })

  check('caFile and verifyTls reach store and engine', async (t) => {
    const python = pythonWithMoto()
    if (python === undefined) {
      t.skip('the endpoint given speaks no TLS with a certificate of ours')
      return
    }
    const folder = await tempDirectory(t)
    const script = fileURLToPath(new URL('../../test/support/tls-files.py', import.meta.url))
    execFileSync(python, [script, folder])
    const tls = await startMoto(['-c', join(folder, 'cert.pem'), '-k', join(folder, 'key.pem')])
    t.after(() => tls.stop())
    const trusting = { ...s3, endpoint: tls.endpoint, caFile: join(folder, 'ca.pem') }
    const careless = { ...s3, endpoint: tls.endpoint, verifyTls: false }
    const prefix = `s3://${bucket}/tls-${engine}`
    const distrusting = { ...s3, endpoint: tls.endpoint }
    const error = await rejectsWith('SHARD_STORE', /no trusted TLS connection.*s3\.caFile/, () =>
      SnapshotReader.open({ prefix, engine, s3: distrusting }),
    )
    assert.equal(error.details['kind'], 'tls')
    await createBucket(trusting, bucket)
    for (const connection of [trusting, careless]) {
      await writeSnapshot(pairs, { prefix, sharding: { shards: 1 }, s3: connection })
      const reader = await SnapshotReader.open({ prefix, engine, s3: connection })
      assert.deepEqual(await reader.get(7), new Uint8Array(pairs[7]![1]))
      await reader.close()
    }
  })
}

/** What happens before an engine comes into play. */
function openings({ bucket, endpoint, s3 }: S3Server): void {
  const newPrefix = (): string => `s3://${bucket}/${randomUUID()}`

  test('each prefix is asked for once, whatever is opened below it', async (t) => {
    const proxy = await startFaultProxy(endpoint)
    t.after(() => proxy.stop())
    const prefix = newPrefix()
    await writeSnapshot(pairs, { prefix, sharding: { shards: 4 }, s3 })
    const reader = await SnapshotReader.open({ prefix, s3: { ...s3, endpoint: proxy.endpoint } })
    await reader.getMany(pairs.map(([key]) => key))
    // Before the proxy stops: an engine takes its leave of storage, and would wait for it.
    await reader.close()
    const asked = proxy.seen.filter(
      ({ url }) => url.includes('max-keys=1&') || url.endsWith('max-keys=1'),
    )
    assert.equal(asked.length, 1)
    assert.equal(proxy.seen[0], asked[0])
  })

  const everyOpening = (
    prefix: string,
    options: EngineOptions,
  ): [name: string, open: () => Promise<unknown>][] => [
    ['ShardWriter.open', () => ShardWriter.open({ url: `${prefix}/shard`, ...options })],
    ['ShardReader.open', () => ShardReader.open({ url: `${prefix}/shard`, ...options })],
    ['SnapshotReader.open', () => SnapshotReader.open({ prefix, ...options })],
    [
      'SnapshotWriter.open',
      () => SnapshotWriter.open({ prefix, sharding: { shards: 2 }, ...options }),
    ],
    ['writeSnapshot', () => writeSnapshot(pairs, { prefix, sharding: { shards: 2 }, ...options })],
  ]

  test('a wrong endpoint, bucket or key fails every opening within seconds', async (t) => {
    const hole = createServer((socket) => socket.on('error', () => {})).listen(0, '127.0.0.1')
    await new Promise((resolve) => hole.once('listening', resolve))
    t.after(() => hole.close())
    const denied = await startFaultProxy(endpoint)
    t.after(() => denied.stop())
    denied.decide = () => ({
      kind: 'answer',
      status: 403,
      body: '<Error><Code>InvalidAccessKeyId</Code></Error>',
    })
    const hush = 'hush-5e2a'
    const at = (url: string): EngineOptions => ({
      openTimeoutMs: 1500,
      s3: { ...s3, endpoint: url, credentials: { accessKeyId: hush, secretAccessKey: hush } },
    })
    const holeUrl = `http://127.0.0.1:${(hole.address() as AddressInfo).port}`
    const cases: [prefix: string, options: EngineOptions, message: RegExp][] = [
      [newPrefix(), at('http://127.0.0.1:1'), /refuses connections/],
      [newPrefix(), at(holeUrl), /did not answer in time \(no complete answer within 1500 ms\)/],
      [newPrefix(), at(denied.endpoint), /does not accept the credentials/],
      ['s3://no-such-bucket-here/x', at(endpoint), /there is no bucket "no-such-bucket-here"/],
    ]
    for (const [prefix, options, message] of cases) {
      for (const [name, open] of everyOpening(prefix, options)) {
        const start = performance.now()
        const error = await rejectsWith('SHARD_STORE', message, open)
        const took = performance.now() - start
        assert.ok(took < 20_000, `${name} took ${took} ms to say: ${error.message}`)
        const shown = inspect(error, { depth: Infinity, showHidden: true }) + JSON.stringify(error)
        assert.ok(!shown.includes(hush), shown)
      }
    }
  })

  test('neither readers nor writers show the credentials they hold', async (t) => {
    const credentials = {
      accessKeyId: 'hush-id',
      secretAccessKey: 'hush-secret',
      sessionToken: 'hush-token',
    }
    const prefix = newPrefix()
    const options = { s3: { ...s3, credentials } }
    await writeSnapshot(pairs, { prefix, sharding: { shards: 2 }, ...options })
    const held = [
      await SnapshotReader.open({ prefix, ...options }),
      await SnapshotWriter.open({ prefix, sharding: { shards: 2 }, ...options }),
      await ShardWriter.open({ url: `${prefix}/shard`, ...options }),
    ]
    for (const one of held) t.after(() => one.close())
    const missing = await rejectsWith('SHARD_NOT_FOUND', /./, () =>
      ShardReader.open({ url: `${prefix}/none`, ...options }),
    )
    for (const one of [...held, missing]) {
      const shown =
        inspect(one, { depth: Infinity, showHidden: true, getters: true }) + JSON.stringify(one)
      assert.ok(!shown.includes('hush'), shown)
    }
    const store = new S3Store(options)
    t.after(() => store.close())
    for await (const { url } of store.list(prefix)) {
      const text = Buffer.from((await store.get(url)) ?? []).toString('latin1')
      assert.ok(!text.includes('hush'), url)
    }
  })
}

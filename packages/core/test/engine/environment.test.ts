import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, test } from 'node:test'
import {
  MemoryStore,
  ShardReader,
  type ShardReaderOptions,
  ShardWriter,
  SnapshotReader,
  SnapshotWriter,
} from '@shardyfusion/core'
import { ObjectStore } from '@slatedb/uniffi'
import {
  parseEnvFile,
  resolveEnvironment,
  withEnvironment,
} from '#dist/store/environment/environment.js'
import { objectEngine } from '../support/object-engine.js'
import { tempFolder, tempPrefix } from '@shardyfusion/test-support/temp-folder'
import { rejectsWith } from '@shardyfusion/test-support/throws'

const GOLDEN = new URL('../../test/golden/vectors.json', import.meta.url)
const { dotenv } = JSON.parse(await readFile(GOLDEN, 'utf8')) as {
  dotenv: readonly { readonly text: string; readonly result: Record<string, string> }[]
}

test('golden: env files are read as the peer reads them', () => {
  assert.ok(dotenv.length > 10)
  for (const { text, result } of dotenv) {
    assert.deepEqual(parseEnvFile(text), result, JSON.stringify(text))
  }
})

test('every line break of the peer ends a line; nothing else is special', () => {
  assert.deepEqual(parseEnvFile('A=1\r\nB=2\rC=3\vD=4\fE=5\u0085F=6\u2028G=7\u2029H=8\x1cI=9'), {
    A: '1',
    B: '2',
    C: '3',
    D: '4',
    E: '5',
    F: '6',
    G: '7',
    H: '8',
    I: '9',
  })
  assert.deepEqual(parseEnvFile('A=1 # no comment\nB="a\\n$A"\nC="\'x\'"'), {
    A: '1 # no comment',
    B: 'a\\n$A',
    C: "'x'",
  })
})

const NAME = 'SHARDYFUSION_TEST_SECRET'
const OTHER = 'SHARDYFUSION_TEST_REGION'

test('variables are there for the call alone, and what was there comes back', () => {
  process.env[OTHER] = 'before'
  const seen = withEnvironment({ [NAME]: 's', [OTHER]: 'during' }, () => [
    process.env[NAME],
    process.env[OTHER],
  ])
  assert.deepEqual(seen, ['s', 'during'])
  assert.equal(NAME in process.env, false)
  assert.equal(process.env[OTHER], 'before')
  assert.throws(
    () =>
      withEnvironment({ [NAME]: 's', [OTHER]: 'during' }, () => {
        throw new Error('resolve')
      }),
    /resolve/,
  )
  assert.equal(NAME in process.env, false)
  assert.equal(process.env[OTHER], 'before')
  delete process.env[OTHER]
})

test('env wins over envFile', async () => {
  const envFile = join(tempFolder(), 'aws.env')
  await writeFile(envFile, `${NAME}=file\n${OTHER}=file\n`)
  assert.deepEqual(resolveEnvironment({ envFile, env: { [NAME]: 'env' } }, 'test'), {
    [NAME]: 'env',
    [OTHER]: 'file',
  })
  assert.deepEqual(resolveEnvironment({ env: { [NAME]: 'env' } }, 'test'), { [NAME]: 'env' })
  assert.equal(resolveEnvironment({}, 'test'), undefined)
})

const resolve = ObjectStore.resolve.bind(ObjectStore)
afterEach(() => {
  ObjectStore.resolve = resolve
})

test('the native engine sees them while it resolves a URL, and at no other time', async () => {
  const prefix = tempPrefix()
  const envFile = join(tempFolder(), 'aws.env')
  await writeFile(envFile, `${OTHER}=file\n`)
  const seen: (string | undefined)[] = []
  ObjectStore.resolve = (url) => {
    seen.push(process.env[NAME], process.env[OTHER])
    return resolve(url)
  }
  const options = { env: { [NAME]: 'secret' }, envFile, engine: 'native' } as const
  const writing = ShardWriter.open({ url: `${prefix}/shard`, ...options })
  assert.equal(process.env[NAME], undefined)
  const writer = await writing
  assert.equal(process.env[NAME], undefined)
  await writer.put(1, Uint8Array.of(1))
  await writer.seal()
  const reader = await ShardReader.open({ url: `${prefix}/shard`, ...options })
  assert.deepEqual(await reader.get(1), Uint8Array.of(1))
  await reader.close()
  assert.deepEqual(seen, ['secret', 'file', 'secret', 'file'])
  assert.equal(NAME in process.env, false)
  assert.equal(OTHER in process.env, false)
})

test('they are gone again when the resolve throws, and never in the message', async () => {
  ObjectStore.resolve = () => {
    assert.equal(process.env[NAME], 'secret')
    throw new Error('no such bucket')
  }
  const error = await rejectsWith('SHARD_ENGINE', /no such bucket/, () =>
    ShardReader.open({
      url: 'file:///nowhere/shard',
      env: { [NAME]: 'secret' },
      engine: 'native',
    }),
  )
  assert.equal(NAME in process.env, false)
  assert.ok(!JSON.stringify([error.message, error.details]).includes('secret'))
})

test('many opens at once, each with its own variables, never see each other’s', async () => {
  const prefix = tempPrefix()
  const seen = new Map<string, string | undefined>()
  ObjectStore.resolve = (url) => {
    seen.set(url, process.env[NAME])
    return resolve(url)
  }
  const writers = await Promise.all(
    Array.from({ length: 10 }, (_, i) =>
      ShardWriter.open({
        url: `${prefix}/${i}`,
        engine: 'native',
        ...(i % 2 === 0 ? { env: { [NAME]: `${i}` } } : {}),
      }),
    ),
  )
  await Promise.all(writers.map((writer) => writer.close()))
  for (let i = 0; i < 10; i++) {
    assert.equal(seen.get(`${prefix}/${i}`), i % 2 === 0 ? `${i}` : undefined)
  }
})

test('an envFile that cannot be read is refused where it is given, by every class', async () => {
  const objects = new MemoryStore()
  const engine = objectEngine()
  const envFile = '/nowhere/aws.env'
  const message =
    /envFile must be a readable file of KEY=value lines, could not read "\/nowhere\/aws\.env"$/
  const prefix = 'memory://env/snapshot'
  const opening = { prefix, sharding: { shards: 1 }, objects, engine } as const
  const writer = await SnapshotWriter.open(opening)
  await writer.put(1, Uint8Array.of(1))
  await writer.publish()
  const shard: ShardReaderOptions = { url: 'memory://env/shard', objects, engine, envFile }
  for (const open of [
    () => ShardReader.open(shard),
    () => ShardWriter.open(shard),
    () => SnapshotWriter.open({ ...opening, envFile }),
    () => SnapshotReader.open({ prefix, objects, engine, envFile }),
  ]) {
    const error = await rejectsWith('SHARD_INVALID_OPTION', message, open)
    assert.equal((error.cause as NodeJS.ErrnoException).code, 'ENOENT')
  }
})

test('withEnvironment: sets, overwrites and takes away, and puts everything back', () => {
  const before = { ...process.env }
  process.env['SHARDYFUSION_TEST_KEPT'] = 'kept'
  try {
    const env = { SHARDYFUSION_TEST_NEW: 'new', SHARDYFUSION_TEST_KEPT: undefined }
    const seen = withEnvironment(env, () => [
      process.env['SHARDYFUSION_TEST_NEW'],
      'SHARDYFUSION_TEST_KEPT' in process.env,
    ])
    assert.deepEqual(seen, ['new', false])
    assert.equal(process.env['SHARDYFUSION_TEST_KEPT'], 'kept')
    assert.ok(!('SHARDYFUSION_TEST_NEW' in process.env))
    assert.throws(() =>
      withEnvironment({ SHARDYFUSION_TEST_KEPT: undefined }, () => {
        throw new Error('in the middle')
      }),
    )
    assert.equal(process.env['SHARDYFUSION_TEST_KEPT'], 'kept')
  } finally {
    delete process.env['SHARDYFUSION_TEST_KEPT']
  }
  assert.deepEqual({ ...process.env }, before)
})

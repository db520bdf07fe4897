import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SnapshotReader, writeSnapshot } from '@shardyfusion/core'
import {
  ShardWriterSync,
  SnapshotReaderSync,
  SnapshotWriterSync,
  writeSnapshotSync,
} from '@shardyfusion/sync'
import { tempPrefix } from '@shardyfusion/test-support/temp-folder'
import makeEngine from './support/test-engine.js'
import { thrownBy, throwsWith } from '@shardyfusion/test-support/throws'

const value = new Uint8Array(1000)
const nothing = (prefix: string): void => {
  throwsWith('SHARD_NOT_FOUND', /nothing is published/, () => SnapshotReaderSync.open({ prefix }))
}

test('what storage refuses is thrown by a later call, as what it was, and nothing is published', () => {
  const prefix = tempPrefix()
  const build = (): unknown =>
    writeSnapshotSync(
      Array.from({ length: 20_000 }, (_, i) => [i, value] as const),
      { prefix, sharding: { shards: 2 }, engine: makeEngine({ failWriteAfter: 3 }) },
    )
  const error = throwsWith('SHARD_ENGINE', /cannot write on/, build)
  assert.equal(error.retryable, true)
  assert.deepEqual(error.details, { engine: 'test', at: 42n })
  assert.ok(error.cause instanceof RangeError)
  nothing(prefix)
})

test('a failed writer repeats its failure', () => {
  using shard = ShardWriterSync.open({
    url: `${tempPrefix()}/shard`,
    engine: makeEngine({ failWriteAfter: 0 }),
  })
  const message = /cannot write on/
  throwsWith('SHARD_ENGINE', message, () => {
    for (let i = 0; i < 20_000; i++) shard.put(i, value)
    shard.flush()
  })
  throwsWith('SHARD_ENGINE', message, () => {
    shard.put(1, value)
    shard.flush()
  })
  throwsWith('SHARD_ENGINE', message, () => shard.seal())
})

test('a caller that is faster than storage waits for it', () => {
  using shard = ShardWriterSync.open({
    url: `${tempPrefix()}/shard`,
    engine: makeEngine({ writeDelayMs: 10 }),
    bufferBytes: 200_000,
  })
  const begun = performance.now()
  // Fifty batches of 128 KiB, of which a handful may be under way.
  for (let i = 0; i < 50 * 131; i++) shard.put(i, value)
  assert.ok(performance.now() - begun > 300, 'the rows must not have piled up')
  assert.equal(shard.seal().rowCount, 50 * 131)
})

test('an expression that cannot place a record names the record and ends the build', () => {
  const prefix = tempPrefix()
  const rows = Array.from({ length: 3000 }, (_, id) => ({
    id,
    region: id === 2000 ? 'mars' : 'eu',
  }))
  const error = throwsWith('SHARD_ROUTING', /record 2000: .*mars/, () =>
    writeSnapshotSync(rows, {
      prefix,
      sharding: { cel: 'region', columns: { region: 'string' }, values: ['eu', 'us'] },
      key: 'id',
      values: 'json',
    }),
  )
  assert.equal(error.details['record'], 2000)
  nothing(prefix)
})

test('bytes that are no text may be keys under utf8, and every kind of key goes where core puts it', async () => {
  const keys = ['a', 'naïve', Uint8Array.of(0xff, 0xfe), Uint8Array.of(1), '😀']
  const options = { sharding: { shards: 7 }, keyEncoding: 'utf8', values: 'utf8' } as const
  const rows = keys.map((key, i) => [key, `value ${i}`] as const)
  const [ours, cores] = [tempPrefix(), tempPrefix()]
  const here = writeSnapshotSync(rows, { prefix: ours, ...options })
  const there = await writeSnapshot(rows, { prefix: cores, ...options })
  const counts = ({ shards }: typeof here): number[] => shards.map(({ rowCount }) => rowCount)
  assert.deepEqual(counts(here), counts(there))
  const reader = await SnapshotReader.open({ prefix: ours, values: 'utf8' })
  for (const [key, text] of rows) assert.equal(await reader.get(key), text)
  await reader.close()
})

test('integers that cannot be routed are refused at once', () => {
  const prefix = tempPrefix()
  using writer = SnapshotWriterSync.open({ prefix, sharding: { shards: 2 } })
  throwsWith('SHARD_INVALID_KEY', /SnapshotWriterSync.put: .*-2\^63 to 2\^63-1/, () =>
    writer.put(2n ** 63n, value),
  )
  writer.put(2n ** 63n - 1n, value)
  assert.equal(writer.rows, 1)
  assert.equal(writer.publish().rowCount, 1)
})

test('a publication that is given up ends the build; later calls say why', () => {
  const prefix = tempPrefix()
  const options = { prefix, sharding: { shards: 2 }, engine: makeEngine({ sealDelayMs: 1000 }) }
  const writer = SnapshotWriterSync.open(options)
  writer.put(1, value)
  throwsWith('SHARD_TIMEOUT', /publish: no reply within 30 ms/, () =>
    writer.publish({ timeoutMs: 30 }),
  )
  throwsWith('SHARD_TIMEOUT', /publish: no reply within 30 ms/, () => writer.publish())
  throwsWith('SHARD_CLOSED', /has failed/, () => writer.put(2, value))
  nothing(prefix)
})

test('an error of onProgress ends the build with it', () => {
  const prefix = tempPrefix()
  const reason = new Error('of the callback')
  const build = (phase: string): unknown =>
    writeSnapshotSync([[1, value]], {
      prefix,
      sharding: { shards: 2 },
      onProgress: (progress) => {
        if (progress.phase === phase) throw reason
      },
    })
  assert.equal(
    thrownBy(() => build('sealing')),
    reason,
  )
  nothing(prefix)
  // Too late to undo anything.
  build('done')
  using reader = SnapshotReaderSync.open({ prefix })
  assert.deepEqual(reader.get(1), value)
})

test('a signal aborted by onProgress ends a publication with its reason', () => {
  const prefix = tempPrefix()
  const stop = new AbortController()
  const reason = new Error('enough')
  const build = (): unknown =>
    writeSnapshotSync([[1, value]], {
      prefix,
      sharding: { shards: 2 },
      engine: makeEngine({ sealDelayMs: 1000 }),
      signal: stop.signal,
      onProgress: ({ phase }) => {
        if (phase === 'sealing') stop.abort(reason)
      },
    })
  assert.equal(thrownBy(build), reason)
  nothing(prefix)
})

test('builds with worker threads, retries and warnings, cross the bridge', () => {
  const prefix = tempPrefix()
  const warnings: string[] = []
  const published = writeSnapshotSync(
    Array.from({ length: 5000 }, (_, i) => [4999 - i, `value ${4999 - i}`] as const),
    {
      prefix,
      sharding: { shards: 3 },
      values: 'utf8',
      workers: 2,
      retry: { maxRetries: 1 },
      onWarning: ({ message }) => warnings.push(message),
    },
  )
  assert.equal(published.rowCount, 5000)
  assert.deepEqual(warnings, [])
  using reader = SnapshotReaderSync.open({ prefix, values: 'utf8' })
  assert.equal(reader.get(4321), 'value 4321')
})

test('records must be an iterable that needs no waiting', () => {
  async function* stream(): AsyncGenerator<[number, Uint8Array]> {
    yield [1, value]
  }
  const records = stream() as unknown as [number, Uint8Array][]
  throwsWith('SHARD_INVALID_OPTION', /writeSnapshotSync: .*streams need writeSnapshot of/, () =>
    writeSnapshotSync(records, { prefix: tempPrefix(), sharding: { shards: 1 } }),
  )
})

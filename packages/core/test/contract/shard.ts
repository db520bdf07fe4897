import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { packEntries } from '@shardyfusion/core/extend'
import type { EngineOptions } from '@shardyfusion/core/extend'
import { rejectsWith } from '@shardyfusion/test-support/throws'
import type { Api } from './api.js'

export interface ShardHarness {
  readonly name: string
  readonly api: Api
  /** A URL at which there is no shard yet, and what to open it with. */
  open(t: TestContext): Promise<{ url: string; options?: EngineOptions }>
}

const utf8 = new TextEncoder()
const bytes = (text: string): Uint8Array => utf8.encode(text)

/** What one shard must do, on every store and engine. */
export function shardContract(harness: ShardHarness): void {
  const { ShardReader, ShardWriter } = harness.api
  const check = (name: string, body: (t: TestContext) => Promise<void>): void => {
    test(`shard on ${harness.name}: ${name}`, body)
  }

  async function sealed(t: TestContext, rows: number) {
    const { url, options } = await harness.open(t)
    const writer = await ShardWriter.open({ url, ...options })
    for (let i = 0; i < rows; i++) await writer.put(i, bytes(`value ${i}`))
    const stats = await writer.seal()
    return { url, options, stats }
  }

  check('what is put and sealed is read back', async (t) => {
    const { url, options, stats } = await sealed(t, 5000)
    assert.equal(stats.rowCount, 5000)
    assert.match(stats.checkpointId, /^[0-9a-f]{32}$/)
    const reader = await ShardReader.open({ url, checkpointId: stats.checkpointId, ...options })
    t.after(() => reader.close())
    assert.deepEqual(await reader.get(42), bytes('value 42'))
    assert.deepEqual(await reader.get(4999n), bytes('value 4999'))
    assert.equal(await reader.get(5000), undefined)
    assert.deepEqual(await reader.getMany([1, 9999, 0n]), [
      bytes('value 1'),
      undefined,
      bytes('value 0'),
    ])
  })

  check('scanIter yields entries in key order, half-open, with limit and reverse', async (t) => {
    const { url, options } = await sealed(t, 3000)
    const reader = await ShardReader.open({ url, ...options })
    t.after(() => reader.close())
    const keys = async (...args: Parameters<typeof reader.scanIter>): Promise<bigint[]> => {
      const found: bigint[] = []
      for await (const [key] of reader.scanIter(...args))
        found.push(reader.decodeKey(key) as bigint)
      return found
    }
    const from = (start: number, end: number): bigint[] =>
      Array.from({ length: end - start }, (_, i) => BigInt(start + i))
    assert.deepEqual(await keys(), from(0, 3000))
    assert.deepEqual(await keys({ start: 10, end: 20n }), from(10, 20))
    assert.deepEqual(await keys({ start: 10 }, { limit: 5, chunkSize: 2 }), from(10, 15))
    assert.deepEqual(await keys({ end: 10 }, { reverse: true, limit: 3 }), [9n, 8n, 7n])
    assert.deepEqual(await keys({ prefix: Uint8Array.of(0, 0, 0, 0, 0, 0, 1) }), from(256, 512))
    assert.deepEqual(await keys({ start: 10, end: 10 }), [])
    assert.deepEqual(await keys({}, { limit: 0 }), [])
  })

  check('chunks and entries can be mixed without losing any', async (t) => {
    const { url, options } = await sealed(t, 100)
    const reader = await ShardReader.open({ url, ...options })
    t.after(() => reader.close())
    const scan = reader.scanIter({}, { chunkSize: 30 })
    await scan.next()
    await scan.next()
    const rest = await scan.nextChunk()
    assert.equal(rest?.count, 28)
    assert.equal(reader.decodeKey(rest.key(0)), 2n)
    let count = 30
    for await (const chunk of scan.chunks()) count += chunk.count
    assert.equal(count, 100)
    assert.equal(await scan.nextChunk(), undefined)
    assert.deepEqual(await scan.next(), { done: true, value: undefined })
  })

  check('leaving a scan early releases it and the reader closes', async (t) => {
    const { url, options } = await sealed(t, 5000)
    const reader = await ShardReader.open({ url, ...options })
    let seen = 0
    for await (const entry of reader.scanIter()) {
      assert.equal(entry.length, 2)
      if (++seen === 3) break
    }
    const unfinished = reader.scanIter()
    await unfinished.next()
    await reader.close()
    await rejectsWith('SHARD_CLOSED', /closed/, async () => {
      for (;;) if ((await unfinished.next()).done) return
    })
  })

  check('an aborted scan rejects with the reason of the signal', async (t) => {
    const { url, options } = await sealed(t, 3000)
    const reader = await ShardReader.open({ url, ...options })
    t.after(() => reader.close())
    const stop = new AbortController()
    const reason = new Error('enough')
    let seen = 0
    await assert.rejects(async () => {
      for await (const [key] of reader.scanIter({}, { signal: stop.signal, chunkSize: 10 })) {
        assert.equal(key.length, 8)
        if (++seen === 25) stop.abort(reason)
      }
    }, reason)
    assert.equal(seen, 25)
    await assert.rejects(() => reader.get(1, { signal: AbortSignal.abort(reason) }), reason)
  })

  check('putChunk takes stored keys; the last write wins', async (t) => {
    const { url, options } = await harness.open(t)
    const writer = await ShardWriter.open({
      url,
      keyEncoding: 'utf8',
      maxBatchEntries: 2,
      ...options,
    })
    await writer.put('b', bytes('old'))
    await writer.putChunk(
      packEntries([
        [bytes('a'), bytes('1')],
        [bytes('b'), bytes('2')],
      ]),
    )
    await writer.flush()
    await writer.put('c', bytes('3'))
    const stats = await writer.seal()
    assert.equal(stats.rowCount, 4)
    assert.deepEqual([stats.minKey, stats.maxKey], [bytes('a'), bytes('c')])
    const reader = await ShardReader.open({ url, keyEncoding: 'utf8', ...options })
    t.after(() => reader.close())
    assert.deepEqual(await reader.getMany(['a', 'b', 'c']), ['1', '2', '3'].map(bytes))
  })

  check('bad keys and values are refused and nothing of them is written', async (t) => {
    const { url, options } = await harness.open(t)
    const writer = await ShardWriter.open({ url, keyEncoding: 'utf8', ...options })
    t.after(() => writer.close())
    await writer.put('good', bytes('1'))
    await rejectsWith('SHARD_INVALID_KEY', /utf8/, () => writer.put(42 as never, bytes('1')))
    await rejectsWith('SHARD_INVALID_KEY', /1 to 65535 bytes.*got 0/, () =>
      writer.put('', bytes('1')),
    )
    await rejectsWith('SHARD_INVALID_KEY', /got 70000/, () =>
      writer.put('x'.repeat(70_000), bytes('1')),
    )
    await rejectsWith('SHARD_INVALID_VALUE', /bytes.*got "text"/, () =>
      writer.put('a', 'text' as unknown as Uint8Array),
    )
    assert.equal((await writer.seal()).rowCount, 1)
  })

  check('a sealed or closed writer refuses more', async (t) => {
    const { url, options } = await harness.open(t)
    const writer = await ShardWriter.open({ url, ...options })
    await writer.put(1, bytes('1'))
    await writer.seal()
    await rejectsWith('SHARD_CLOSED', /sealed already/, () => writer.seal())
    await rejectsWith('SHARD_CLOSED', /sealed already/, () => writer.put(2, bytes('2')))
    await rejectsWith('SHARD_CLOSED', /sealed already/, () => writer.flush())
    await writer.close()
    await writer.close()
  })

  check('a closed reader refuses every call', async (t) => {
    const { url, options } = await sealed(t, 1)
    const reader = await ShardReader.open({ url, ...options })
    await Promise.all([reader.close(), reader.close()])
    await rejectsWith('SHARD_CLOSED', /closed/, () => reader.get(1))
    await rejectsWith('SHARD_CLOSED', /closed/, () => reader.getMany([1]))
    await rejectsWith('SHARD_CLOSED', /closed/, () => reader.scanIter())
  })

  check('a missing shard and misspelt options are named', async (t) => {
    const { url, options } = await harness.open(t)
    await rejectsWith('SHARD_NOT_FOUND', /the shard .* does not exist/, () =>
      ShardReader.open({ url, ...options }),
    )
    const misspelt = { url, itteratorChunkSize: 5 } as unknown as { url: string }
    await rejectsWith('SHARD_INVALID_OPTION', /unknown option "itteratorChunkSize"/, () =>
      ShardReader.open(misspelt),
    )
    await rejectsWith(
      'SHARD_INVALID_OPTION',
      /iteratorChunkSize must be an integer of 1 or more \(entries\), got 0/,
      () => ShardReader.open({ url, iteratorChunkSize: 0 }),
    )
    await rejectsWith('SHARD_INVALID_OPTION', /unknown option "settings"/, () =>
      ShardWriter.open({ url, ...options, ...({ settings: {} } as object) }),
    )
  })
}

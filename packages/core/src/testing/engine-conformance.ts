// Long because the suite is one function of its harness, and its tests share the helpers.

import assert from 'node:assert/strict'
import { packEntries } from '../chunk/chunk-builder.js'
import type { EngineReader, EngineScan, EngineWriterOptions } from '../engine/engine.js'
import type { ShardyfusionError } from '../errors.js'
import type { ByteRange, Entry } from '../types.js'
import type { EngineConformanceHarness } from './engine-conformance-harness.js'
import { runEngineFeatureConformance, vectorSettingsOf } from './engine-features.js'

const utf8 = new TextEncoder()
const bytes = (text: string): Uint8Array => utf8.encode(text)

/**
 * Registers the tests that a `ShardEngine` must pass, one by one; `supports` selects them.
 */
export function runEngineConformance(harness: EngineConformanceHarness): void {
  const { engine, objects } = harness
  const check = (name: string, body: () => Promise<void>): void => {
    harness.test(`engine ${engine.name}: ${name}`, body)
  }
  // An engine of vectors alone has no rows by keys, and needs to know its vectors.
  const hasKeys = engine.supports.keys !== false
  const vectors = vectorSettingsOf(engine)
  const checkKeys: typeof check = (name, body) => {
    if (hasKeys) check(name, body)
  }

  async function build(
    batches: readonly (readonly Entry[])[],
    options: Partial<EngineWriterOptions> = {},
  ): Promise<string> {
    const url = await harness.newShardUrl()
    const writer = await engine.openWriter({ url, objects, vectors, ...options })
    try {
      for (const batch of hasKeys ? batches : []) await writer.write(packEntries(batch))
      await writer.seal()
    } finally {
      await writer.close()
    }
    return url
  }

  async function withReader<T>(
    url: string,
    body: (reader: EngineReader) => Promise<T>,
  ): Promise<T> {
    const reader = await engine.openReader({ url, objects })
    try {
      return await body(reader)
    } finally {
      await reader.close()
    }
  }

  async function scanAll(
    reader: EngineReader,
    range: ByteRange = {},
    options: { reverse?: boolean; max?: number } = {},
  ): Promise<Entry[]> {
    const scan = reader.scan(range, { reverse: options.reverse })
    const entries: Entry[] = []
    try {
      for (;;) {
        const chunk = await scan.nextChunk(options.max ?? 7)
        if (chunk === undefined) return entries
        assert.ok(
          chunk.count > 0 && chunk.count <= (options.max ?? 7),
          `a chunk of ${chunk.count} entries`,
        )
        entries.push(...chunk)
      }
    } finally {
      await scan.close()
    }
  }

  const numbered = (count: number): Entry[] =>
    Array.from({ length: count }, (_, i) => [
      bytes(`key-${String(i).padStart(6, '0')}`),
      bytes(`value ${i}`),
    ])

  checkKeys('getMany gives values in the order asked, undefined where there is none', async () => {
    const url = await build([numbered(10)])
    await withReader(url, async (reader) => {
      const asked = ['key-000003', 'nothing', 'key-000000', 'key-000003'].map(bytes)
      assert.deepEqual(await reader.getMany(asked), [
        bytes('value 3'),
        undefined,
        bytes('value 0'),
        bytes('value 3'),
      ])
      assert.deepEqual(await reader.getMany([]), [])
    })
  })

  checkKeys('the last write of a key wins, in one batch and over batches', async () => {
    const url = await build([
      [
        [bytes('a'), bytes('1')],
        [bytes('b'), bytes('1')],
        [bytes('a'), bytes('2')],
      ],
      [[bytes('b'), bytes('3')]],
    ])
    await withReader(url, async (reader) => {
      assert.deepEqual(await scanAll(reader), [
        [bytes('a'), bytes('2')],
        [bytes('b'), bytes('3')],
      ])
    })
  })

  checkKeys('keys are ordered as unsigned bytes, shorter first', async () => {
    const keys = [[0], [0, 0], [0, 1], [1], [0x7f], [0x80], [0xff], [0xff, 0], [0xff, 0xff]].map(
      (key) => Uint8Array.from(key),
    )
    const shuffled = [4, 0, 8, 2, 6, 1, 7, 3, 5].map((i): Entry => [keys[i]!, Uint8Array.of(i)])
    const url = await build([shuffled])
    await withReader(url, async (reader) => {
      assert.deepEqual(
        (await scanAll(reader)).map(([key]) => key),
        keys,
      )
      const backwards = await scanAll(reader, {}, { reverse: true })
      assert.deepEqual(
        backwards.map(([key]) => key),
        [...keys].reverse(),
      )
    })
  })

  checkKeys('ranges are half-open, in both directions', async () => {
    const all = numbered(50)
    const url = await build([all])
    await withReader(url, async (reader) => {
      const from = all[10]![0]
      const to = all[20]![0]
      for (const reverse of [false, true]) {
        const order = <T>(list: T[]): T[] => (reverse ? [...list].reverse() : list)
        assert.deepEqual(
          await scanAll(reader, { start: from, end: to }, { reverse }),
          order(all.slice(10, 20)),
        )
        assert.deepEqual(await scanAll(reader, { start: from }, { reverse }), order(all.slice(10)))
        assert.deepEqual(await scanAll(reader, { end: to }, { reverse }), order(all.slice(0, 20)))
        assert.deepEqual(await scanAll(reader, { start: from, end: from }, { reverse }), [])
        assert.deepEqual(await scanAll(reader, { start: to, end: from }, { reverse }), [])
        assert.deepEqual(await scanAll(reader, { start: bytes('zzz') }, { reverse }), [])
        assert.deepEqual(await scanAll(reader, { start: bytes('') }, { reverse }), order(all))
        assert.deepEqual(await scanAll(reader, { end: bytes('') }, { reverse }), [])
      }
    })
  })

  checkKeys('values may be empty or large', async () => {
    const large = new Uint8Array(3 * 1024 * 1024).map((_, i) => i % 251)
    const url = await build([
      [
        [bytes('empty'), new Uint8Array(0)],
        [bytes('large'), large],
      ],
    ])
    await withReader(url, async (reader) => {
      assert.deepEqual(await reader.getMany([bytes('empty'), bytes('large')]), [
        new Uint8Array(0),
        large,
      ])
      assert.deepEqual(
        (await scanAll(reader)).map(([, value]) => value.length),
        [0, large.length],
      )
    })
  })

  checkKeys('keys of the longest and shortest length it allows', async () => {
    const { minKeyBytes, maxKeyBytes } = engine.limits ?? { minKeyBytes: 1, maxKeyBytes: 1024 }
    const keys = [new Uint8Array(minKeyBytes).fill(1), new Uint8Array(maxKeyBytes).fill(2)]
    const url = await build([keys.map((key): Entry => [key, key.subarray(0, 3)])])
    await withReader(url, async (reader) => {
      assert.deepEqual(
        await reader.getMany(keys),
        keys.map((key) => key.subarray(0, 3)),
      )
    })
  })

  checkKeys('keys it cannot hold are not there, and bound scans like any other', async () => {
    const { minKeyBytes, maxKeyBytes } = engine.limits ?? { minKeyBytes: 1, maxKeyBytes: 1024 }
    const all = numbered(3)
    const url = await build([all])
    await withReader(url, async (reader) => {
      const short = new Uint8Array(Math.max(0, minKeyBytes - 1))
      const long = new Uint8Array(maxKeyBytes + 1).fill(0xff)
      assert.deepEqual(await reader.getMany([short, long]), [undefined, undefined])
      assert.deepEqual(await scanAll(reader, { start: short, end: long }), all)
      assert.deepEqual(await scanAll(reader, { start: long }), [])
    })
  })

  checkKeys('returned bytes belong to the caller', async () => {
    const url = await build([numbered(3)])
    await withReader(url, async (reader) => {
      const key = bytes('key-000001')
      const [first] = await reader.getMany([key])
      first!.fill(0)
      assert.deepEqual(await reader.getMany([key]), [bytes('value 1')])
      const scan = reader.scan({})
      const chunk = await scan.nextChunk(1)
      structuredClone(chunk!.buffer, { transfer: [chunk!.buffer] })
      assert.equal(await countUpTo(scan, 5), 2)
      await scan.close()
    })
  })

  checkKeys(
    'a scan ends with undefined, again and again, and may be left at any point',
    async () => {
      const url = await build([numbered(20)])
      await withReader(url, async (reader) => {
        const scan = reader.scan({})
        assert.equal(await countUpTo(scan, 20), 20)
        assert.equal(await scan.nextChunk(1000), undefined)
        assert.equal(await scan.nextChunk(1000), undefined)
        await scan.close()
        await scan.close()
        const left = reader.scan({})
        assert.equal(await countUpTo(left, 5), 5)
        await left.close()
        assert.equal(await left.nextChunk(5), undefined)
        const never = reader.scan({})
        await never.close()
        assert.equal(await never.nextChunk(5), undefined)
      })
    },
  )

  checkKeys('scans and gets run side by side', async () => {
    const all = numbered(2000)
    const url = await build([all.slice(0, 1000), all.slice(1000)])
    await withReader(url, async (reader) => {
      const results = await Promise.all([
        scanAll(reader, {}, { max: 100 }),
        scanAll(reader, {}, { max: 33, reverse: true }),
        reader.getMany(all.map(([key]) => key)),
        ...all.slice(0, 100).map(([key]) => reader.getMany([key])),
      ])
      assert.deepEqual(results[0], all)
      assert.deepEqual(results[1], [...all].reverse())
      assert.deepEqual(
        results[2],
        all.map(([, value]) => value),
      )
      results.slice(3).forEach((values, i) => assert.deepEqual(values, [all[i]![1]]))
    })
  })

  checkKeys('a shard larger than its memory is sealed whole', async () => {
    const value = new Uint8Array(1000).map((_, i) => (i * 7) % 256)
    const batches = Array.from({ length: 20 }, (_, b) =>
      Array.from({ length: 500 }, (__, i): Entry => {
        // Spread over the whole range, so that every table overlaps every other.
        const key = new Uint8Array(8)
        new DataView(key.buffer).setUint32(0, Math.imul(b * 500 + i, 0x9e3779b1) >>> 0)
        new DataView(key.buffer).setUint32(4, b * 500 + i)
        return [key, value]
      }),
    )
    const url = await build(batches, { memoryBytes: 1024 * 1024 })
    await withReader(url, async (reader) => {
      const keys = (await scanAll(reader, {}, { max: 1024 })).map(([key]) =>
        Buffer.from(key).toString('hex'),
      )
      assert.equal(keys.length, 10_000)
      assert.deepEqual(keys, [...keys].sort())
      const probe = batches[13]![77]!
      assert.deepEqual(await reader.getMany([probe[0]]), [value])
    })
  })

  checkKeys('flush stores what was written; bytes is known or 0', async () => {
    const url = await harness.newShardUrl()
    const writer = await engine.openWriter({ url, objects })
    await writer.write(packEntries(numbered(100)))
    await writer.flush()
    await writer.write(packEntries([[bytes('later'), bytes('x')]]))
    await writer.seal()
    assert.ok((await writer.bytes()) >= 0)
    await writer.close()
    await writer.close()
    await withReader(url, async (reader) => {
      assert.equal((await scanAll(reader)).length, 101)
    })
  })

  check('a shard without rows can be sealed and read', async () => {
    const url = await build([])
    await withReader(url, async (reader) => {
      assert.deepEqual(await scanAll(reader), [])
      assert.deepEqual(await reader.getMany([bytes('a')]), [undefined])
    })
  })

  check('opening a shard that does not exist says so', async () => {
    const url = await harness.newShardUrl()
    await assert.rejects(
      () => engine.openReader({ url, objects }),
      (error: ShardyfusionError) => {
        assert.equal(error.code, 'SHARD_NOT_FOUND')
        assert.ok(error.message.includes(url))
        return true
      },
    )
  })

  checkKeys('closing a reader ends its scans and is idempotent', async () => {
    const url = await build([numbered(100)])
    const reader = await engine.openReader({ url, objects })
    const scan = reader.scan({})
    assert.equal(await countUpTo(scan, 10), 10)
    await reader.close()
    await reader.close()
    // It may end or fail, but must not hang or crash.
    await scan.nextChunk(10).catch(() => undefined)
    await scan.close()
  })

  runEngineFeatureConformance(harness, check)

  check('an aborted signal stops an open with its own reason', async () => {
    const url = await build([numbered(1)])
    const reason = new Error('enough')
    const signal = AbortSignal.abort(reason)
    await assert.rejects(() => engine.openReader({ url, objects, signal }), reason)
    await assert.rejects(() => engine.openWriter({ url, objects, signal }), reason)
  })
}

/** Reads up to this many entries; a chunk may be shorter than asked, and the scan may end. */
async function countUpTo(scan: EngineScan, entries: number): Promise<number> {
  let count = 0
  while (count < entries) {
    const chunk = await scan.nextChunk(entries - count)
    if (chunk === undefined) break
    count += chunk.count
  }
  return count
}

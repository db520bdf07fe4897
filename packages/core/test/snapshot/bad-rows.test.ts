import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  type ErrorCode,
  type Key,
  type KeyEncoding,
  ShardReader,
  ShardWriter,
  SnapshotReader,
  SnapshotWriter,
  type ValuesOption,
  writeSnapshot,
} from '@shardyfusion/core'
import { packEntries } from '@shardyfusion/core/extend'
import { memoryPlace, publishRows } from '../support/memory-place.js'
import { rejectsWith } from '@shardyfusion/test-support/throws'
import { trapUnhandledRejections } from '../support/unhandled.js'

trapUnhandledRejections()

type Loose = never

const ENCODINGS: KeyEncoding[] = ['u64be', 'u32be', 'utf8', 'raw']
const value = Uint8Array.of(1)

const integers = (encoding: string): string =>
  `a ${encoding} key must be a bigint or a safe integer`
const texts = (encoding: string): string => `a ${encoding} key must be a string or a Uint8Array`

/** Keys no writer takes, by encoding, with what the message must hold. */
const BAD_KEYS: Record<KeyEncoding, [key: unknown, message: string][]> = {
  u64be: [
    ['1', `${integers('u64be')}, got "1"; for text keys, pass keyEncoding: 'utf8' to the writer`],
    [1.5, `${integers('u64be')}, got 1.5`],
    [2 ** 53, `${integers('u64be')}, got 9007199254740992; pass it as a bigint`],
    [Number.NaN, `${integers('u64be')}, got NaN`],
    [-1, 'a u64be key must be in 0 to 2^64-1, got -1'],
    [-1n, 'a u64be key must be in 0 to 2^64-1, got -1'],
    [2n ** 64n, 'a u64be key must be in 0 to 2^64-1, got 18446744073709551616'],
    [true, `${integers('u64be')}, got true`],
    [undefined, `${integers('u64be')}, got undefined`],
    [null, `${integers('u64be')}, got null`],
    [{}, `${integers('u64be')}, got an object of type Object`],
    [new Date(0), `${integers('u64be')}, got an object of type Date`],
    [[1], `${integers('u64be')}, got an array of 1`],
  ],
  u32be: [
    [2 ** 32, 'a u32be key must be in 0 to 2^32-1, got 4294967296'],
    [2n ** 32n, 'a u32be key must be in 0 to 2^32-1, got 4294967296'],
    ['7', `${integers('u32be')}, got "7"; for text keys, pass keyEncoding: 'utf8' to the writer`],
    [-0.5, `${integers('u32be')}, got -0.5`],
  ],
  utf8: [
    [7, `${texts('utf8')}, got 7`],
    [7n, `${texts('utf8')}, got 7n`],
    [undefined, `${texts('utf8')}, got undefined`],
    ['\ud800', 'lone surrogate'],
    ['', 'a stored key must have 1 to 65535 bytes in this engine, got 0'],
    ['x'.repeat(65_536), 'a stored key must have 1 to 65535 bytes in this engine, got 65536'],
  ],
  raw: [
    [7, `${texts('raw')}, got 7`],
    [[1, 2], `${texts('raw')}, got an array of 2`],
    [new ArrayBuffer(4), `${texts('raw')}, got an object of type ArrayBuffer`],
    [new Uint8Array(0), 'a stored key must have 1 to 65535 bytes in this engine, got 0'],
    [new Uint8Array(65_536), 'a stored key must have 1 to 65535 bytes in this engine, got 65536'],
  ],
}

for (const keyEncoding of ENCODINGS) {
  test(`${keyEncoding}: a bad key is refused by every put, and the next good one is taken`, async () => {
    const place = memoryPlace()
    const url = `${place.prefix}/lone`
    const good: Key = keyEncoding.startsWith('u') && keyEncoding !== 'utf8' ? 7 : 'seven'
    const snapshot = await SnapshotWriter.open({ ...place, sharding: { shards: 2 }, keyEncoding })
    const { objects, engine } = place
    const shard = await ShardWriter.open({ url, objects, engine, keyEncoding })
    for (const [key, message] of BAD_KEYS[keyEncoding]) {
      for (const writer of [snapshot, shard]) {
        const error = await rejectsWith('SHARD_INVALID_KEY', /put: /, () =>
          writer.put(key as Loose, value),
        )
        assert.ok(error.message.includes(message), `${error.message} should say ${message}`)
        // Never the whole of a long key.
        assert.ok(error.message.length < 300, error.message)
      }
    }
    for (const writer of [snapshot, shard]) await writer.put(good, value)
    assert.equal((await snapshot.publish()).rowCount, 1)
    assert.equal((await shard.seal()).rowCount, 1)
    const reader = await SnapshotReader.open(place)
    assert.deepEqual(await reader.get(good), value)
    await reader.close()
  })

  test(`${keyEncoding}: a key that cannot be looked up is refused, one that cannot be there is not found`, async () => {
    const place = memoryPlace()
    const integer = keyEncoding === 'u64be' || keyEncoding === 'u32be'
    await writeSnapshot([[integer ? 7 : 'seven', value]], {
      ...place,
      sharding: { shards: 2 },
      keyEncoding,
    })
    const reader = await SnapshotReader.open(place)
    for (const [key, message] of BAD_KEYS[keyEncoding]) {
      if (message.startsWith('a stored key')) {
        assert.equal(await reader.get(key as Loose), undefined)
        assert.deepEqual(await reader.getMany([key as Loose]), [undefined])
        continue
      }
      for (const call of [
        () => reader.get(key as Loose),
        () => reader.getMany([integer ? 7 : 'seven', key as Loose]),
        ...(key === undefined ? [] : [() => reader.scanIter({ start: key as Loose })]),
        ...(key === undefined ? [] : [() => reader.scanIter({ end: key as Loose })]),
      ]) {
        await rejectsWith('SHARD_INVALID_KEY', /^SnapshotReader\.|^[A-Za-z.]+: /, call)
      }
    }
    if (integer) {
      await rejectsWith('SHARD_INVALID_KEY', /must be [48] bytes, got 3/, () =>
        reader.get(new Uint8Array(3)),
      )
      await rejectsWith('SHARD_INVALID_KEY', /must be a Uint8Array under/, () =>
        reader.scanIter({ prefix: 'a' }),
      )
    }
    await rejectsWith('SHARD_INVALID_KEY', /getMany: keys must be an array, got/, () =>
      reader.getMany('seven' as Loose),
    )
    await reader.close()
  })
}

for (const engine of ['native', 'wasm'] as const) {
  test(`${engine}: keys it could not hold are simply not there`, async () => {
    const url = `memory://bad-rows/${engine}`
    const writer = await ShardWriter.open({ url, keyEncoding: 'utf8', engine })
    await writer.put('a', value)
    await writer.seal()
    const reader = await ShardReader.open({ url, keyEncoding: 'utf8', engine })
    const long = 'x'.repeat(70_000)
    assert.deepEqual(await reader.getMany(['', long, 'a']), [undefined, undefined, value])
    let seen = 0
    for await (const entry of reader.scanIter({ start: '', end: long })) seen += entry.length
    assert.equal(seen, 2)
    await reader.close()
  })
}

const BAD_VALUES: Record<'bytes' | 'utf8' | 'json', [value: unknown, message: string][]> = {
  bytes: [
    ['text', `value must be bytes (Uint8Array), or set values: 'utf8' or 'json', got "text"`],
    [undefined, `value must be bytes (Uint8Array), or set values: 'utf8' or 'json', got undefined`],
    [[1], `got an array of 1`],
    [new ArrayBuffer(2), `got an object of type ArrayBuffer`],
  ],
  utf8: [
    [7, `value must be text, because values is 'utf8', got 7`],
    [new Uint8Array(2), `value must be text, because values is 'utf8', got 2 bytes`],
    ['a\ud800', 'value must be well-formed text, but it has a lone surrogate'],
  ],
  json: [
    [1n, 'value must be plain JSON data (no bigint, no cycles), got 1n'],
    [
      { name: 'a', of: [{ id: 7n }, { n: 8n }] },
      'value must be plain JSON data, but "id" is a bigint; convert it to text or to a number, or leave it out (of a record, with the option value)',
    ],
    [undefined, 'value must be plain JSON data, got undefined'],
    [() => 1, 'value must be plain JSON data, got a function'],
    [Symbol('x'), 'value must be plain JSON data, got Symbol(x)'],
    [{ toJSON: () => undefined }, 'value must be plain JSON data, got an object'],
    [
      {
        get boom() {
          throw new Error('inside')
        },
      },
      'value must be plain JSON data',
    ],
  ],
}

for (const values of ['bytes', 'utf8', 'json'] as const) {
  test(`${values}: a value that cannot be encoded is refused, and nothing of it is written`, async () => {
    const place = memoryPlace()
    const writer = await SnapshotWriter.open<ValuesOption>({
      ...place,
      sharding: { shards: 1 },
      values,
    })
    for (const [bad, message] of BAD_VALUES[values]) {
      const error = await rejectsWith('SHARD_INVALID_VALUE', /^SnapshotWriter\.put: /, () =>
        writer.put(1, bad),
      )
      assert.ok(error.message.includes(message), error.message)
    }
    assert.equal(writer.rows, 0)
    assert.equal((await writer.publish()).rowCount, 0)
  })
}

test('chunks that are none, or hold keys of another width, are refused', async () => {
  const place = memoryPlace()
  const { objects, engine } = place
  const snapshot = await SnapshotWriter.open({ ...place, sharding: { shards: 1 } })
  const shard = await ShardWriter.open({ url: `${place.prefix}/lone`, objects, engine })
  for (const [where, writer] of [
    ['SnapshotWriter', snapshot],
    ['ShardWriter', shard],
  ] as const) {
    for (const none of [undefined, null, 5, {}, [], new Uint8Array(4)]) {
      const error = await rejectsWith('SHARD_INVALID_VALUE', /expected an EntryChunk, got /, () =>
        writer.putChunk(none as Loose),
      )
      assert.ok(error.message.startsWith(`${where}.putChunk: `), error.message)
    }
    await rejectsWith('SHARD_INVALID_KEY', /a stored u64be key must be 8 bytes, got 3/, () =>
      writer.putChunk(packEntries([[Uint8Array.of(1, 2, 3), value]])),
    )
    await writer.putChunk(packEntries([[new Uint8Array(8), value]]))
  }
  assert.equal((await shard.seal()).rowCount, 1)
  assert.equal((await snapshot.publish()).rowCount, 1)
})

test('what is put after a chunk comes after it, awaited or not', async () => {
  const place = memoryPlace()
  const { objects, engine } = place
  const url = `${place.prefix}/lone`
  const shard = await ShardWriter.open({
    url,
    objects,
    engine,
    keyEncoding: 'raw',
    maxBatchEntries: 2,
  })
  const key = Uint8Array.of(1)
  const put = (n: number): Promise<void> => shard.put(key, Uint8Array.of(n))
  await Promise.all([
    put(1),
    shard.putChunk(packEntries([[key, Uint8Array.of(2)]])),
    put(3),
    put(4),
    shard.putChunk(packEntries([[key, Uint8Array.of(5)]])),
    put(6),
  ])
  await shard.seal()
  const reader = await ShardReader.open({ url, objects, engine, keyEncoding: 'raw' })
  assert.deepEqual(await reader.get(key), Uint8Array.of(6))
  await reader.close()
})

test('records: the one that is wrong is named by its number', async () => {
  const place = memoryPlace()
  const options = { ...place, sharding: { shards: 2 }, key: 'id', values: 'json' } as const
  const cases: [records: unknown[], code: ErrorCode, message: RegExp][] = [
    [
      [{ id: 1 }, {}],
      'SHARD_INVALID_KEY',
      /^record 1: writeSnapshot: a record must have its key in the property "id", got undefined/,
    ],
    [[{ id: 1 }, { id: 2 }, { id: 'x' }], 'SHARD_INVALID_KEY', /^record 2: .*got "x"/],
    [
      [null],
      'SHARD_INVALID_VALUE',
      /^record 0: writeSnapshot: a record must be an object with "id", got null/,
    ],
    [[{ id: 1, n: 1n }], 'SHARD_INVALID_VALUE', /^record 0: .*"n" is a bigint; convert/],
  ]
  for (const [records, code, message] of cases) {
    const error = await rejectsWith(code, message, () =>
      writeSnapshot(records as { id: number }[], options),
    )
    assert.equal(typeof error.details['record'], 'number')
  }
  for (const records of [[5], [[1, 2, 3]], [{}]]) {
    await rejectsWith(
      'SHARD_INVALID_OPTION',
      /key must be a property name or a function, unless records are/,
      () => writeSnapshot(records as [number, Uint8Array][], { ...place, sharding: { shards: 1 } }),
    )
  }
  for await (const { url } of place.objects.list(place.prefix)) assert.match(url, /\/run\.yaml$/)
})

test('stored values that are not what the reader was told are refused, and as bytes they are read', async () => {
  const place = memoryPlace()
  await writeSnapshot([[1, Uint8Array.of(0xff, 0xfe)]], { ...place, sharding: { shards: 1 } })
  for (const values of ['utf8', 'json'] as const) {
    const reader = await SnapshotReader.open({ ...place, values })
    for (const call of [
      () => reader.get(1),
      () => reader.getMany([1]),
      () => reader.scanIter().next(),
    ]) {
      await rejectsWith(
        'SHARD_INVALID_VALUE',
        /the value of key 1 is not UTF-8 text; open the reader with values: 'bytes'/,
        call,
      )
    }
    await reader.close()
  }
  await publishRows(place, 'not json')
  const json = await SnapshotReader.open({ ...place, values: 'json' })
  await rejectsWith('SHARD_INVALID_VALUE', /the value of key 1 is not JSON; open the reader/, () =>
    json.get(1),
  )
  await json.close()
})

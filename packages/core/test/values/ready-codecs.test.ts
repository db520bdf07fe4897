import assert from 'node:assert/strict'
import Module from 'node:module'
import { test } from 'node:test'
import { deflateSync, inflateSync } from 'node:zlib'
import { jsonValues, SnapshotReader, type ValueCodec, writeSnapshot } from '@shardyfusion/core'
import { compressedValues } from '@shardyfusion/core/compression'
import { msgpackValues } from '@shardyfusion/core/msgpack'
import * as msgpack from '@msgpack/msgpack'
import fc from 'fast-check'
import * as portable from '#dist/values/zlib-portable.js'
import * as node from '#dist/values/zlib.js'
import { memoryPlace } from '../support/memory-place.js'
import { rejectsWith } from '@shardyfusion/test-support/throws'

const sharding = { shards: 3 }

async function roundTrip<T>(values: ValueCodec<T>, rows: readonly T[]): Promise<T[]> {
  const place = memoryPlace()
  const pairs = rows.map((row, i) => [i, row] as const)
  await writeSnapshot(pairs, { ...place, sharding, value: (pair) => pair[1], values })
  await using reader = await SnapshotReader.open({ ...place, values })
  const found = await reader.getMany(rows.map((_, i) => i))
  assert.deepEqual(await reader.getMany(rows.map((_, i) => i)), found, 'cached')
  return found as T[]
}

test('msgpack: bytes, dates, 64-bit integers and nested values come back as they were', async () => {
  const rows = [
    { id: 2n ** 63n - 1n, n: 7, f: 1.5, big: -(2n ** 63n), at: new Date(1_700_000_000_123) },
    { bytes: Uint8Array.of(1, 2), list: [null, true, 'é', []], safe: Number.MAX_SAFE_INTEGER },
    'text',
    0,
    null,
  ]
  assert.deepEqual(await roundTrip(msgpackValues(), rows), rows)
  const [row] = await roundTrip(msgpackValues<object>(), [{ a: 1, none: undefined }])
  assert.deepEqual(row, { a: 1 })
})

test('msgpack: any value of JSON comes back, and what other writers encode is read', async () => {
  const values = msgpackValues()
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      // MessagePack has no -0 among integers, like JSON.
      const json = JSON.stringify(value)
      // Its decoder refuses a member of this name, which would set a prototype.
      fc.pre(!json.includes('"__proto__"'))
      const plain = JSON.parse(json) as unknown
      assert.deepEqual(values.decode(values.encode(plain)), plain)
    }),
  )
  const foreign = msgpack.encode({ count: 5_000_000_000, name: 'x' })
  assert.deepEqual(values.decode(foreign), { count: 5_000_000_000n, name: 'x' })
  const numbers = msgpackValues({ bigint: false })
  assert.deepEqual(numbers.decode(foreign), { count: 5_000_000_000, name: 'x' })
  const place = memoryPlace()
  await rejectsWith('SHARD_INVALID_VALUE', /codec can encode/, () =>
    writeSnapshot([[1, 1n] as const], { ...place, sharding, values: numbers }),
  )
})

test('msgpack: a value that keeps bytes does not see the cache, nor the cache the value', async () => {
  const place = memoryPlace()
  const values = msgpackValues<{ bytes: Uint8Array }>()
  await writeSnapshot([[1, { bytes: Uint8Array.of(1, 2, 3) }] as const], {
    ...place,
    sharding,
    values,
  })
  await using reader = await SnapshotReader.open({ ...place, values })
  for (let round = 0; round < 3; round++) {
    const { bytes } = (await reader.get(1))!
    assert.deepEqual([...bytes], [1, 2, 3])
    bytes.fill(9)
  }
})

test('msgpack: extension types, a module that is passed, and bad options', async () => {
  const extensionCodec = new msgpack.ExtensionCodec()
  extensionCodec.register({
    type: 1,
    encode: (value) => (value instanceof URL ? msgpack.encode(value.href) : null),
    decode: (bytes) => new URL(msgpack.decode(bytes) as string),
  })
  const values = msgpackValues<URL>({ extensionCodec, module: msgpack })
  const url = new URL('https://example.com/a')
  assert.equal(values.decode(values.encode(url)).href, url.href)
  for (const bad of [{ bigint: 1 }, { module: {} }, { extensionCodec: {} }, { other: 1 }]) {
    await rejectsWith('SHARD_INVALID_OPTION', /^msgpackValues: /, () => msgpackValues(bad as never))
  }
})

test('msgpack: a missing peer is named with the command that installs it', async (t) => {
  const method = '_resolveFilename'
  const resolver = Module as unknown as Record<typeof method, (...names: unknown[]) => string>
  const resolve = resolver[method].bind(resolver)
  t.mock.method(resolver, method, (name: string, ...rest: unknown[]) => {
    if (name.startsWith('@msgpack/')) throw new Error(`Cannot find module '${name}'`)
    return resolve(name, ...rest)
  })
  const error = await rejectsWith(
    'SHARD_INVALID_OPTION',
    /^msgpackValues: @msgpack\/msgpack is not installed: npm install @msgpack\/msgpack;/,
    () => msgpackValues(),
  )
  assert.match(String(error.cause), /Cannot find module/)
})

test('compressed: values come back and are smaller, and a dictionary makes short ones smaller yet', async () => {
  const row = (i: number) => ({ id: i, name: `user ${i}`, status: 'active', country: 'CH' })
  const rows = Array.from({ length: 20 }, (_, i) => Array.from({ length: 20 }, () => row(i)))
  assert.deepEqual(await roundTrip(compressedValues(jsonValues<object>()), rows), rows)
  assert.deepEqual(await roundTrip(compressedValues('utf8'), ['', 'é']), ['', 'é'])
  const bytes = [new Uint8Array(), Uint8Array.of(1)]
  assert.deepEqual(await roundTrip(compressedValues('bytes'), bytes), bytes)
  const dictionary = jsonValues().encode(row(1))
  const plain = compressedValues('json')
  const primed = compressedValues('json', { dictionary })
  assert.ok(plain.encode(rows[0]).length < JSON.stringify(rows[0]).length / 5)
  assert.ok(primed.encode(row(7)).length < plain.encode(row(7)).length / 2)
  assert.deepEqual(await roundTrip(primed, [row(7)]), [row(7)])
  assert.throws(() => plain.decode(primed.encode(row(7))), /dictionary/i)
  const stream = compressedValues('utf8').encode('any zlib reads it')
  assert.equal(inflateSync(stream).toString(), 'any zlib reads it')
})

for (const [platform, { deflate, inflate }] of Object.entries({ node, portable })) {
  test(`zlib for ${platform}: any bytes come back, also from the other platform`, () => {
    const other = platform === 'node' ? portable : node
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 300 }),
      fc
        .tuple(fc.uint8Array({ maxLength: 9 }), fc.nat(9000))
        .map(([part, times]) => Buffer.concat(Array.from({ length: times }, () => part))),
    )
    const dictionary = fc.option(fc.uint8Array({ minLength: 1, maxLength: 50 }), { nil: undefined })
    fc.assert(
      fc.property(bytes, dictionary, fc.integer({ min: 1, max: 9 }), (data, dict, level) => {
        const packed = deflate(data, level, dict)
        for (const unpack of [inflate, other.inflate]) {
          assert.deepEqual(
            Buffer.from(unpack(packed, Math.max(1, data.length), dict)),
            Buffer.from(data),
          )
        }
      }),
      { numRuns: 60 },
    )
  })

  test(`zlib for ${platform}: what expands beyond the limit is refused, in bounded memory`, () => {
    for (const bytes of [5000, 300_000, 64 * 1024 * 1024]) {
      const bomb = new Uint8Array(deflateSync(new Uint8Array(bytes)))
      assert.throws(() => inflate(bomb, bytes - 1, undefined), RangeError)
      assert.throws(() => inflate(bomb, 1, undefined), RangeError)
    }
    assert.equal(
      inflate(new Uint8Array(deflateSync(new Uint8Array(5000))), 5000, undefined).length,
      5000,
    )
  })

  test(`zlib for ${platform}: damaged streams throw, and never hang`, () => {
    const packed = new Uint8Array(deflateSync(Buffer.from('some text, some text, some text')))
    for (let length = 0; length < packed.length - 4; length++) {
      assert.throws(() => inflate(packed.subarray(0, length), 1000, undefined), `${length} bytes`)
    }
    assert.throws(() => inflate(Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8), 1000, undefined))
  })
}

test('compressed: a value larger than maxBytes is refused, with the key', async () => {
  const place = memoryPlace()
  const values = compressedValues('utf8')
  await writeSnapshot([[1, 'x'.repeat(5000)] as const], { ...place, sharding, values })
  const limited = compressedValues('utf8', { maxBytes: 4999 })
  await using reader = await SnapshotReader.open({ ...place, values: limited })
  await rejectsWith('SHARD_INVALID_VALUE', /the value of key 1 cannot be decoded/, () =>
    reader.get(1),
  )
  for (const bad of [
    { level: 0 },
    { level: 10 },
    { dictionary: 'x' },
    { maxBytes: 0 },
    { dict: 1 },
  ])
    await rejectsWith('SHARD_INVALID_OPTION', /^compressedValues: /, () =>
      compressedValues('utf8', bad as never),
    )
  await rejectsWith('SHARD_INVALID_OPTION', /inner must be 'bytes'/, () =>
    compressedValues('text' as never),
  )
})

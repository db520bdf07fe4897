import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setCacheBudget, SlateDbTableWriter, SlateDbWriter, type Entry } from 'slatedb-wasm'
import { NowStore } from './support/now-store.js'
import { openReader } from './support/rows.js'
import { randomNumbers } from './support/table-programs.js'

const random = randomNumbers(11)

function randomBytes(length: number): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length }, () => random(256))
}

/** Keys of these lengths, and values around the limits of in-place reads, of pieces and of varints. */
const KEY_BYTES = [1, 8, 127, 128, 959, 960, 961, 3000]
const VALUE_BYTES = [31_000, 32_768, 65_500, 65_536, 131_072, 262_144, 600_001]

const rows = KEY_BYTES.flatMap((keyBytes, k) =>
  VALUE_BYTES.map((valueBytes, v): Entry => {
    const key = randomBytes(keyBytes)
    key[0] = 1 + k * VALUE_BYTES.length + v
    return [key, randomBytes(valueBytes)]
  }),
)

test('long values are read in place, belong to the caller, and begin at a multiple of eight', async (t) => {
  const store = new NowStore()
  const writer = await SlateDbTableWriter.open({ store })
  await writer.write(rows)
  await writer.seal()
  await writer.close()
  await setCacheBudget(0)
  t.after(() => setCacheBudget(64 << 20))
  const reader = await openReader(t, store)
  for (const [key] of rows) await reader.get(key)
  const answers = store.answers
  const taken: Uint8Array[] = []
  for (const [key, value] of rows) {
    const found = reader.peek(key)
    assert.ok(found)
    assert.deepEqual(found, value)
    assert.equal(found.byteOffset % 8, 0)
    assert.ok(found.buffer.byteLength <= value.length + key.length + 64)
    found.fill(0)
    taken.push(found)
  }
  assert.equal(store.answers, answers + rows.length)
  for (const [key, value] of rows) assert.deepEqual(reader.peek(key), value)
  for (const value of taken) assert.ok(value.every((byte) => byte === 0))
})

test('a key that is not there is not found in the block of a long value', async (t) => {
  const store = new NowStore()
  const writer = await SlateDbTableWriter.open({ store })
  const keys = Array.from({ length: 20 }, (_, i) => Uint8Array.of(2 * i, 7))
  await writer.write(keys.map((key): Entry => [key, randomBytes(70_000)]))
  await writer.seal()
  await writer.close()
  await setCacheBudget(0)
  t.after(() => setCacheBudget(64 << 20))
  const reader = await openReader(t, store)
  await reader.get(keys[3]!)
  // More keys than the filter, which lets one of a hundred pass, can refuse.
  let read = 0
  for (let i = 0; i < 5000; i++) {
    const before = store.answers
    const key = Uint8Array.of(2 * (i % 19), 8, i >>> 8, i)
    assert.equal(await reader.get(key), undefined)
    read += store.answers - before
  }
  assert.ok(read > 0, 'no block was read')
})

test('long values next to other rows, and overwritten ones, are read right', async (t) => {
  const store = new NowStore()
  const writer = await SlateDbWriter.open({ store })
  const [one, two] = [randomBytes(50_000), randomBytes(90_000)]
  await writer.write([
    [Uint8Array.of(1), one],
    [Uint8Array.of(1, 1), Uint8Array.of(9)],
    [Uint8Array.of(2), one],
  ])
  await writer.flush()
  await writer.write([[Uint8Array.of(2), two]])
  await writer.flush()
  await writer.close()
  await setCacheBudget(0)
  t.after(() => setCacheBudget(64 << 20))
  const reader = await openReader(t, store)
  for (let round = 0; round < 3; round++) {
    assert.deepEqual(await reader.get(Uint8Array.of(1)), one)
    assert.deepEqual(await reader.get(Uint8Array.of(1, 1)), Uint8Array.of(9))
    assert.deepEqual(await reader.get(Uint8Array.of(2)), two)
  }
})

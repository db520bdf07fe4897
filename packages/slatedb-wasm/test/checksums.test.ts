import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  MemoryStore,
  setCacheBudget,
  SlateDbError,
  SlateDbTableWriter,
  type Entry,
} from 'slatedb-wasm'
import { NowStore } from './support/now-store.js'
import { bytes, openReader } from './support/rows.js'
import { partsOf } from './support/table-parts.js'
import { randomNumbers } from './support/table-programs.js'

const FOOTER_BYTES = 10
// The checksum is computed by other means from 1 KiB on, in passes of 6 KiB over all but the last 852 bytes.
const STEPS = [1024, 1024 + 64, 6144, 6144 + 852, 2 * 6144 + 852, 65_536, 262_144, 600_000]

const random = randomNumbers(5)

function randomBytes(length: number): Uint8Array {
  return Uint8Array.from({ length }, () => random(256))
}

async function write(store: MemoryStore, rows: readonly Entry[]): Promise<string> {
  const writer = await SlateDbTableWriter.open({ store })
  await writer.write(rows)
  await writer.seal()
  await writer.close()
  const tables = [...store.list('compacted')]
  assert.equal(tables.length, 1)
  return tables[0]!.path
}

function assertChecksums(table: Uint8Array, blocks: number): void {
  const parts = partsOf(table)
  assert.ok(parts.length > blocks, `${parts.length} parts`)
  assert.equal(parts.at(-1)!.end, table.length - FOOTER_BYTES)
}

test('the parts of tables end with their CRC-32, whatever their lengths', async () => {
  for (let length = 960; length < 1110; length += 3) {
    const store = new MemoryStore()
    const path = await write(store, [[bytes('key'), randomBytes(length)]])
    assertChecksums(store.get(path)!, 1)
  }
  const store = new MemoryStore()
  const lengths = STEPS.slice(2).flatMap((step) =>
    [-40, -30, -24, -17, -8, -1, 0, 63].map((more) => step + more),
  )
  const rows = lengths.map((length, i): Entry => [bytes(`key-${100 + i}`), randomBytes(length)])
  const path = await write(store, rows)
  assertChecksums(store.get(path)!, rows.length)
})

test('a changed bit of a block of any length is an error, and never a value', async (t) => {
  const store = new NowStore()
  const lengths = [...STEPS, ...Array.from({ length: 60 }, () => 500 + random(9000))]
  const rows = lengths.map((length, i): Entry => [bytes(`key-${100 + i}`), randomBytes(length)])
  const path = await write(store, rows)
  await setCacheBudget(0)
  t.after(() => setCacheBudget(64 << 20))
  const reader = await openReader(t, store)
  for (const [key, value] of rows) assert.deepEqual(await reader.get(key), value)
  // The first lookups also fetch the index.
  assert.ok(store.answers >= rows.length - 2, `${store.answers} blocks were read without a wait`)
  const table = store.get(path)!
  let refused = 0
  for (const [key, value] of rows) {
    const start = Buffer.from(table.buffer, table.byteOffset, table.length).indexOf(value)
    for (const at of [0, random(value.length), value.length - 1]) {
      const changed = table.slice()
      changed[start + at]! ^= 1 << random(8)
      store.put(path, changed)
      // The latest block may still be in memory, as it was.
      assert.deepEqual(reader.peek(key) ?? value, value)
      try {
        assert.deepEqual(await reader.get(key), value)
      } catch (error) {
        assert.ok(error instanceof SlateDbError && error.kind === 'Data', String(error))
        refused++
      }
    }
  }
  assert.ok(refused > 2.5 * rows.length, `${refused} of ${3 * rows.length} reads refused`)
})

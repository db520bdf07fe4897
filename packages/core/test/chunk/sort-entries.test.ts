import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Entry } from '@shardyfusion/core'
import { EntryChunk, packEntries } from '@shardyfusion/core/extend'
import { sortEntries } from '#dist/chunk/sort-entries.js'

/** Keys that share beginnings, differ in length, repeat, and use the whole range of a byte. */
const key = fc.oneof(
  fc.uint8Array({ minLength: 1, maxLength: 12 }),
  fc
    .constantFrom('a', 'ab', 'user/1', 'user/10', 'user/2', 'user/\u00ff')
    .map((t) => Buffer.from(t)),
  fc
    .tuple(
      fc.constantFrom('shared/prefix/', 'shared/prefix/longer/'),
      fc.integer({ min: 0, max: 30 }),
    )
    .map(([prefix, n]) => Buffer.from(prefix + n)),
  fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map((n) => {
    const bytes = new Uint8Array(8)
    new DataView(bytes.buffer).setBigUint64(0, n)
    return bytes
  }),
)

test('sortEntries: entries come in the order of their bytes, of equal keys the last one alone', () => {
  fc.assert(
    fc.property(
      fc.array(fc.array(key, { maxLength: 40 }), { maxLength: 6 }),
      fc.integer({ min: 1, max: 200 }),
      (groups, maxBytes) => {
        let value = 0
        const chunks = groups.map((keys) =>
          packEntries(keys.map((bytes): Entry => [bytes, Buffer.from(String(value++))])),
        )
        const last = new Map<string, string>()
        for (const chunk of chunks)
          for (const [k, v] of chunk)
            last.set(Buffer.from(k).toString('latin1'), Buffer.from(v).toString())
        const sorted = [...sortEntries(chunks, maxBytes)].flatMap((chunk) =>
          [...EntryChunk.fromBuffer(chunk.buffer)].map(([k, v]) => [
            Buffer.from(k).toString('latin1'),
            Buffer.from(v).toString(),
          ]),
        )
        // Characters up to 255 are ordered as the bytes they stand for.
        assert.deepEqual(
          sorted,
          [...last].sort(([a], [b]) => (a < b ? -1 : 1)),
        )
      },
    ),
    { numRuns: 300 },
  )
})

test('sortEntries: rows in order, and with one late row that is not, give the same as in any order', () => {
  const rows = fc
    .uniqueArray(key, {
      minLength: 1,
      maxLength: 120,
      selector: (k) => Buffer.from(k).toString('hex'),
    })
    .map((keys) => keys.sort((a, b) => Buffer.compare(a, b)))
  fc.assert(
    fc.property(rows, fc.integer({ min: 1, max: 30 }), fc.nat(), (keys, size, from) => {
      const all = keys.map((bytes, i): Entry => [bytes, Buffer.from(`value ${i}`)])
      const inChunks = (entries: readonly Entry[]) =>
        Array.from({ length: Math.ceil(entries.length / size) }, (_, i) =>
          packEntries(entries.slice(i * size, (i + 1) * size)),
        )
      const late = all[from % all.length]!
      const inputs = [all, [...all.filter((entry) => entry !== late), late], all.toReversed()]
      for (const maxBytes of [1, 100, 10_000]) {
        const [ordered, ...others] = inputs.map((entries) => {
          const sorted = [...sortEntries(inChunks(entries), maxBytes)]
          for (const chunk of sorted.slice(0, -1)) assert.ok(chunk.byteLength >= maxBytes)
          return sorted.flatMap((chunk) => [...chunk].map(([k, v]) => [hex(k), hex(v)]))
        })
        assert.deepEqual(
          ordered,
          all.map(([k, v]) => [hex(k), hex(v)]),
        )
        for (const other of others) assert.deepEqual(other, ordered)
      }
    }),
    { numRuns: 200 },
  )
})

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}

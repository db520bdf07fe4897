import assert from 'node:assert/strict'
import { test } from 'node:test'
import { compareSeal, sealFolder } from '#dist/engine/compare-seal.js'
import { namesTable, sealSlateDb } from '#dist/slatedb/slatedb-seal.js'

const TABLE = 'compacted/01M8HER8JP54KT49RBJQZ7S6DN.sst'
const MANIFEST = 'manifest/00000000000000000004.manifest'
const LATER = 'manifest/00000000000000000005.manifest'
const seal = {
  objects: { [MANIFEST]: { bytes: 3, sha256: 'a'.repeat(64) }, [TABLE]: { bytes: 7 } },
}

test('compareSeal: what is missing or has another size is named, what is added is not', async () => {
  const compare = async (found: Record<string, number>) =>
    compareSeal(seal, new Map(Object.entries(found)))
  assert.deepEqual(await compare({ [MANIFEST]: 3, [TABLE]: 7, 'wal/1.sst': 0 }), {
    problems: [],
    missing: [],
    supersededBy: undefined,
  })
  assert.deepEqual(await compare({ [MANIFEST]: 3, [TABLE]: 6, [LATER]: 3 }), {
    problems: [`${TABLE} has 6 bytes instead of 7`],
    missing: [],
    supersededBy: LATER,
  })
  assert.deepEqual((await compare({})).missing, [MANIFEST, TABLE])
})

test('compareSeal: a folder of many objects is known by its digest', async () => {
  const names = Array.from({ length: 100 }, (_, i) => [`t${i}`, i + 1] as const)
  const folder = await sealFolder(new Map(names))
  assert.deepEqual([folder.count, folder.bytes], [100, 5050])
  const compare = async (entries: readonly (readonly [string, number])[]) => {
    const found = new Map(entries.map(([name, bytes]) => [`f/${name}`, bytes]))
    return (await compareSeal({ objects: {}, folders: { f: folder } }, found)).problems
  }
  assert.deepEqual(await compare(names), [])
  assert.deepEqual(await compare(names.toReversed()), [])
  assert.equal((await compare(names.slice(1))).length, 1)
  assert.equal((await compare([...names.slice(1), ['other', 1]])).length, 1)
  assert.equal((await compare([...names.slice(1), ['t0', 2]])).length, 1)
  // More than was sealed, which cannot be told apart.
  assert.deepEqual(await compare([...names, ['more', 9]]), [])
})

/** The words of a ULID as SlateDB's manifests have them. */
const ID = Buffer.from([0x56, 0x12, 0x2a, 0xc3, 0x48, 0x14, 0xa2, 0x01])

test('namesTable: finds the id of a table, and nothing else', () => {
  // 01M8HER8JP54KT49RBJQZ7S6DN, by hand: 48 bits of time, 80 of chance.
  let id = 0n
  for (const digit of '01M8HER8JP54KT49RBJQZ7S6DN')
    id = id * 32n + BigInt('0123456789ABCDEFGHJKMNPQRSTVWXYZ'.indexOf(digit))
  const words = Buffer.alloc(16)
  words.writeBigUInt64LE(id >> 64n, 0)
  words.writeBigUInt64LE(id & 0xffff_ffff_ffff_ffffn, 8)
  const manifest = Buffer.concat([ID, words.subarray(0, 4), words, ID])
  assert.equal(namesTable(manifest, TABLE), true)
  assert.equal(namesTable(manifest.subarray(0, -9), TABLE), false)
  assert.equal(namesTable(manifest, TABLE.replace('DN.sst', 'DP.sst')), false)
  assert.equal(namesTable(manifest, 'wal/00000000000000000001.sst'), false)
})

test('sealSlateDb: more than 64 tables are sealed as one folder', async () => {
  const digits = 'ABCDEFGHJKMNPQRSTVWXYZ'
  const names = [...digits].flatMap((a) => [...digits].slice(0, 4).map((b) => a + b))
  const tables = names.map((end): [string, number] => [TABLE.replace('DN.sst', `${end}.sst`), 9])
  const sealed = await sealSlateDb(new Map(tables), MANIFEST, new Uint8Array(5))
  assert.deepEqual(Object.keys(sealed.objects), [MANIFEST])
  assert.equal(sealed.folders?.['compacted']?.count, tables.length)
  assert.equal(sealed.folders?.['compacted']?.bytes, 9 * tables.length)
  const found = new Map([...tables, [MANIFEST, 5] as const])
  assert.deepEqual((await compareSeal(sealed, found)).problems, [])
})

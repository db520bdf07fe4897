import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { ShardyfusionError } from '@shardyfusion/core'
import {
  decodeManifest,
  encodeManifest,
  type DecodeLimits,
} from '#dist/snapshot/manifest/manifest-codec.js'
import { emptyShard } from '#dist/snapshot/manifest/manifest.js'
import { withDatabase } from '../../support/sqlite.js'
import { golden } from '../../support/golden.js'
import { fixture, mutate } from './support/images.js'
import { manifestOf } from './support/manifests.js'

const base = fixture('hash-int')
const PAGE = 4096

const mutated = (sql: string): Uint8Array => mutate(base, sql)

async function assertRefused(
  image: Uint8Array,
  message: RegExp,
  limits?: DecodeLimits,
): Promise<void> {
  await assert.rejects(decodeManifest(image, 'test', limits), (error: ShardyfusionError) => {
    assert.equal(error.code, 'SHARD_MANIFEST')
    assert.equal(error.details.peer, 'ManifestParseError')
    assert.match(error.message, message)
    return true
  })
}

const REPLACE_SHARDS = 'create table hidden as select * from shards; drop table shards;'
const foreignObjects: [string, RegExp][] = [
  [`${REPLACE_SHARDS} create view shards as select * from hidden`, /"shards" is a view/],
  [
    `${REPLACE_SHARDS} create view SHARDS as select * from hidden`,
    /"SHARDS" is a view|"shards" is a view/,
  ],
  [
    `${REPLACE_SHARDS} create virtual table shards using fts4(db_id)`,
    /"shards" is a virtual table/,
  ],
  [
    'create table m as select * from build_meta; drop table build_meta; create view build_meta as select * from m',
    /"build_meta" is a view/,
  ],
  [
    "alter table build_meta drop column custom; alter table build_meta add column custom as ('{}')",
    /build_meta has no stored column custom/,
  ],
  [`${REPLACE_SHARDS} create index shards on hidden(db_id)`, /no table "shards"/],
]

for (const [sql, message] of foreignObjects) {
  test(`decodeManifest: refuses code of the schema: ${sql}`, async () => {
    await assertRefused(mutated(sql), message)
  })
}

test('decodeManifest: does not compute generated columns', async () => {
  const bomb = 'alter table shards add column bomb generated always as (zeroblob(1000000000))'
  assert.deepEqual(await decodeManifest(mutated(bomb), 'test'), await decodeManifest(base, 'test'))
})

test('decodeManifest: triggers and indexes on expressions are not run', async () => {
  const image = mutated(`
    create table log (n);
    create trigger spy after update on shards begin insert into log values (1); end;
    create index costly on shards (abs(db_id), db_url, attempt, row_count, db_bytes, min_key, max_key, checkpoint_id, writer_info)`)
  assert.deepEqual(await decodeManifest(image, 'test'), await decodeManifest(base, 'test'))
})

test('decodeManifest: refuses more bytes or shards than the limits allow', async () => {
  await assertRefused(base, /at most 100 bytes, got 12288; raise maxBytes/, { maxBytes: 100 })
  await assertRefused(base, /num_dbs must be at most 3 \(shards\), got 4; raise maxShards/, {
    maxShards: 3,
  })
  await assertRefused(
    mutated('update build_meta set num_dbs = 9007199254740991'),
    /at most 100000 \(shards\)/,
  )
  await assert.rejects(decodeManifest(base, 'test', { maxBytes: 0 }), {
    code: 'SHARD_INVALID_OPTION',
  })
  assert.equal(
    (await decodeManifest(base, 'test', { maxBytes: base.length, maxShards: 4 })).shards,
    4,
  )
})

test('decodeManifest: refuses JSON that is too deep, too long or has too many digits', async () => {
  const nested = '['.repeat(100_000)
  await assertRefused(
    mutated(`update build_meta set custom = '{"a":${nested}'`),
    /custom must be JSON: expected at most 500 levels/,
  )
  await assertRefused(
    mutated(`update shards set min_key = '${'9'.repeat(100_000)}'`),
    /min_key of shard 0 must be JSON: expected at most 4300 digits/,
  )
  await assertRefused(
    mutated("update build_meta set custom = '{}' || printf('%*s', 9000000, '')"),
    /custom has more than 8388608 characters/,
  )
})

test('decodeManifest: refuses bytes that are no text instead of replacing them', async () => {
  await assertRefused(
    mutated("update build_meta set run_id = cast(x'61ff' as text)"),
    /page 2 is damaged: a text is not utf-8/,
  )
  const image = mutated("update build_meta set run_id = cast(x'61efbfbd' as text)")
  assert.equal((await decodeManifest(image, 'test')).runId, 'a\ufffd')
})

test('decodeManifest: refuses values that are larger than the image', async () => {
  // A default of the schema stands in for a column short rows do not have: little text, read many times.
  const rows = Array.from({ length: 3000 }, (_, id) => ({
    ...emptyShard(id),
    url: `s3://bkt/${id}`,
  }))
  const many = await encodeManifest(manifestOf({ shards: rows.length, entries: rows }))
  const image = withDatabase(many, (database) => {
    database.run(`alter table shards drop column checkpoint_id;
      alter table shards add column checkpoint_id text default '${'x'.repeat(60_000)}'`)
    return database.image()
  })
  assert.ok(image.length < 1e6)
  await assertRefused(image, /its values are larger than the whole image/)
})

/** A table page whose cells all lead to `child`; SQLite would read its rows over and over. */
function writeInteriorPage(image: Uint8Array, page: number, child: number, cells: number): void {
  const start = (page - 1) * PAGE
  const view = new DataView(image.buffer, start, PAGE)
  image.fill(0, start, start + PAGE)
  view.setUint8(0, 5)
  view.setUint16(3, cells)
  view.setUint32(8, child)
  for (let i = 0; i < cells; i += 1) {
    const cell = PAGE - 5 * (i + 1)
    view.setUint16(12 + 2 * i, cell)
    view.setUint32(cell, child)
    view.setUint8(cell + 4, 1)
  }
}

const rootOf = (image: Uint8Array, table: string): number =>
  withDatabase(image, (database) => {
    const [row] = database.rows(`SELECT rootpage FROM sqlite_schema WHERE name = '${table}'`)
    return Number(row![0])
  })

test('decodeManifest: refuses tables without end', async () => {
  const levels = 15
  const image = mutated(
    `create table filler (x); insert into filler values (zeroblob(${PAGE * levels}))`,
  )
  const root = rootOf(image, 'shards')
  const leaf = image.slice((root - 1) * PAGE, root * PAGE)
  const free = image.length / PAGE - levels
  image.set(leaf, (free + levels - 1) * PAGE)
  // Levels of 500 children each, all of them the same page.
  writeInteriorPage(image, root, free + 1, 500)
  for (let level = 1; level < levels; level += 1)
    writeInteriorPage(image, free + level, free + level + 1, 500)
  await assertRefused(image, /refers to pages more than once|occurs twice/)
})

test('decodeManifest: refuses a schema without end', async () => {
  const image = base.slice()
  const view = new DataView(image.buffer)
  // The root of the schema leads to itself.
  view.setUint8(100, 5)
  view.setUint16(103, 0)
  view.setUint32(108, 1)
  await assertRefused(image, /page 1 is damaged/)
})

/** A schema whose seven records share one chain of overflow pages, which is the rest of the file. */
function sharedChain(pages: number): Uint8Array {
  const image = new Uint8Array((pages + 1) * PAGE)
  image.set(base.subarray(0, 100))
  const view = new DataView(image.buffer)
  view.setUint32(28, pages + 1)
  const local = 489
  const size = local + (PAGE - 4) * pages
  const varint = (value: number): number[] => [
    ...[21, 14, 7].map((shift) => 0x80 | ((value >> shift) & 0x7f)),
    value & 0x7f,
  ]
  // A table "t" whose statement is all the rest; the header has 9 bytes.
  const record = [9, 23, 15, 15, 8, ...varint(2 * (size - 9 - 7) + 13), ...Buffer.from('tablett')]
  const cells = 7
  view.setUint8(100, 13)
  view.setUint16(103, cells)
  for (let i = 0; i < cells; i++) {
    const at = PAGE - 500 * (i + 1)
    view.setUint16(108 + 2 * i, at)
    image.set([...varint(size), i + 1, ...record], at)
    view.setUint32(at + 5 + local, 2)
  }
  for (let page = 2; page <= pages; page++) view.setUint32((page - 1) * PAGE, page + 1)
  return image
}

test('decodeManifest: refuses records that share a chain of overflow pages', async () => {
  await assertRefused(sharedChain(2000), /use more overflow pages than the file has/)
})

test('decodeManifest: refuses a schema of thousands of entries', async () => {
  const tables = Array.from({ length: 300 }, (_, i) => `create table t${i} (x);`).join('')
  await assertRefused(mutated(tables), /more than 256 schema entries/)
  await assertRefused(
    mutated(`create table t (x default '${'x'.repeat(70_000)}')`),
    /schema of more than 65536 characters/,
  )
})

test('decodeManifest: a damaged image is refused or read, never anything else', async () => {
  const images = [base, fixture('cel-categorical-int'), golden('bucket/u64/manifest')]
  const damage = fc.record({
    image: fc.constantFrom(...images),
    // Most of an image is unused space; where the structure lies, damage tells more.
    bytes: fc.array(
      fc.tuple(
        fc.oneof(
          fc.nat(120),
          fc.nat(PAGE),
          fc.nat(3 * PAGE - 1),
          fc.integer({ min: PAGE, max: PAGE + 20 }),
        ),
        fc.nat(255),
      ),
      { minLength: 1, maxLength: 6 },
    ),
    length: fc.oneof(
      { weight: 9, arbitrary: fc.constant(Number.POSITIVE_INFINITY) },
      { weight: 1, arbitrary: fc.nat(3 * PAGE) },
    ),
  })
  let taken = 0
  let refused = 0
  await fc.assert(
    fc.asyncProperty(damage, async ({ image, bytes, length }) => {
      const damaged = image.slice(0, Math.min(length, image.length))
      for (const [at, value] of bytes) if (at < damaged.length) damaged[at] = value
      try {
        const manifest = await decodeManifest(damaged, 'test')
        assert.equal(manifest.entries.length, manifest.shards)
        taken += 1
      } catch (error) {
        assert.ok(error instanceof ShardyfusionError)
        assert.equal(error.code, 'SHARD_MANIFEST')
        refused += 1
      }
    }),
    { numRuns: 3000, endOnFailure: true },
  )
  assert.ok(
    taken > 100 && refused > 100,
    `${taken} taken, ${refused} refused: one of the two was hardly tried`,
  )
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  cleanupSnapshots,
  listRuns,
  listSnapshots,
  rollbackSnapshot,
} from '@shardyfusion/core/maintain'
import { MemoryStore, SnapshotReader } from '@shardyfusion/core'
import { type ObjectStore, wrapEngine } from '@shardyfusion/core/extend'
import { interceptStore } from '@shardyfusion/core/testing'
import {
  BUILD_META_COLUMNS,
  type Cell,
  SHARD_COLUMNS,
} from '#dist/snapshot/manifest/manifest-tables.js'
import { decodeManifest } from '#dist/snapshot/manifest/manifest-codec.js'
import { decodeRunRecord, encodeRunRecord } from '#dist/snapshot/runs/run-record-yaml.js'
import { runRecord } from '../snapshot/runs/support/records.js'
import { golden } from '../support/golden.js'
import { memoryPlace, publishRows } from '../support/memory-place.js'
import { objectEngine } from '../support/object-engine.js'
import { withDatabase } from '../support/sqlite.js'
import { feed, hostileTest, inputsTried, isSafelyBelow } from './support.js'

const PREFIX = 'memory://place/snapshots'
const encoder = new TextEncoder()

/** URLs an attacker would like to see opened, most of them with a look of being below the prefix. */
const urls = fc.constantFrom(
  `${PREFIX}/../other/shards/x`,
  `${PREFIX}/shards/../../other`,
  `${PREFIX}/shards/./x`,
  `${PREFIX}/shards//x`,
  `${PREFIX}/shards/%2e%2e/%2e%2e/x`,
  `${PREFIX}/shards/..%2fx`,
  `${PREFIX}/shards/\t../x`,
  `${PREFIX}/shards/.. /x`,
  `${PREFIX}/shards\\..\\..\\x`,
  `${PREFIX}/x?y`,
  `${PREFIX}/x#y`,
  `${PREFIX}/x\0y`,
  PREFIX,
  `${PREFIX}/`,
  `${PREFIX}-other/shards/x`,
  'memory://elsewhere/shards/x',
  's3://other-bucket/shards/x',
  'file:///etc/passwd',
  'http://169.254.169.254/latest/meta-data',
  '../../etc/passwd',
  '',
)
const numbers = fc.constantFrom<Cell>(
  -1n,
  0n,
  4n,
  2n ** 31n,
  2n ** 53n,
  2n ** 63n - 1n,
  -(2n ** 63n),
  1.5,
  1e308,
  '1e9',
  '9'.repeat(400),
)
const texts = fc.constantFrom<Cell>(
  '',
  'x'.repeat(100_000),
  '['.repeat(2000),
  '{"a":'.repeat(2000),
  '{"strategy":"hash"}',
  '{"strategy":"cel","hash_algorithm":"xxh3_64","cel_expr":"key","cel_columns":{"key":"int"}}',
  `{"strategy":"cel","hash_algorithm":"xxh3_64","cel_expr":"${'('.repeat(500)}","cel_columns":{"key":"int"}}`,
  '{"__proto__":{"polluted":1}}',
  '"\ud800"',
  '../..',
  'db={db_id:099999999d}',
  "'; DROP TABLE shards; --",
  '9999-99-99T00:00:00Z',
  new Uint8Array([0xff, 0xfe]),
  null,
)
const hostileCell: fc.Arbitrary<Cell> = fc.oneof(urls, numbers, texts, fc.string({ maxLength: 30 }))

type Row = Record<string, Cell>

/** A snapshot that is there, for hostile parts to be put in place of its own. */
async function sound() {
  const place = memoryPlace(objectEngine())
  const published = await publishRows(place, 'sound')
  const image = (await place.objects.get(published.manifestRef))!
  const [meta, shards] = withDatabase(image, (database) => {
    const rows = (table: string, columns: readonly string[]): Row[] =>
      [...database.rows(`SELECT ${columns.join()} FROM ${table}`)].map((cells) =>
        Object.fromEntries(columns.map((column, i) => [column, cells[i]!])),
      )
    return [rows('build_meta', BUILD_META_COLUMNS)[0]!, rows('shards', SHARD_COLUMNS)] as const
  })
  // With its digest every changed manifest would be refused for that alone.
  meta['custom'] = String(meta['custom']).replace(/"cells_sha256": "[0-9a-f]{64}"(?:, )?/, '')
  return { place, published, image, meta, shards }
}

/** The image with other rows; `undefined` if SQLite does not take a value for its column. */
function imageOf(image: Uint8Array, meta: Row, shards: readonly Row[]): Uint8Array | undefined {
  const insert = (table: string, columns: readonly string[]): string =>
    `INSERT INTO ${table} (${columns.join()}) VALUES (${columns.map(() => '?').join()})`
  const cellsOf = (columns: readonly string[], row: Row): Cell[] =>
    columns.map((name) => row[name]!)
  return withDatabase(image, (database) => {
    database.run('DELETE FROM build_meta; DELETE FROM shards')
    try {
      database.insert(insert('build_meta', BUILD_META_COLUMNS), [cellsOf(BUILD_META_COLUMNS, meta)])
      const rows = shards.map((row) => cellsOf(SHARD_COLUMNS, row))
      database.insert(insert('shards', SHARD_COLUMNS), rows)
    } catch {
      return undefined
    }
    return database.image()
  })
}

hostileTest(
  'manifests with hostile values: refused, or nothing outside the prefix is touched',
  1500,
  async (options) => {
    const { place, published, image: sample, meta, shards } = await sound()
    const change = fc.record({
      // Row -1 is build_meta.
      row: fc.integer({ min: -1, max: shards.length - 1 }),
      column: fc.nat(20),
      cell: hostileCell,
    })
    const urlChange = fc.record({
      row: fc.nat(shards.length - 1),
      column: fc.constant(1),
      cell: urls,
    })
    const outcomes = new Map<string, number>()
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(
          fc.array(change, { minLength: 1, maxLength: 3 }),
          fc.array(urlChange, { minLength: 1, maxLength: 2 }),
        ),
        fc.constantFrom('below', 'rebase'),
        async (changes, shardUrls) => {
          const rows = structuredClone(shards)
          const build = { ...meta }
          for (const { row, column, cell } of changes) {
            if (row === -1) build[BUILD_META_COLUMNS[column % BUILD_META_COLUMNS.length]!] = cell
            else rows[row]![SHARD_COLUMNS[column % SHARD_COLUMNS.length]!] = cell
          }
          const image = imageOf(sample, build, rows)
          if (image === undefined) return
          await place.objects.put(published.manifestRef, image)
          const touched: string[] = []
          const objects = interceptStore(place.objects, {
            before: ({ url }) => void touched.push(url),
          })
          const engine = objectEngine()
          const outcome = await feed(
            ['SHARD_MANIFEST', 'SHARD_ROUTING', 'SHARD_NOT_FOUND', 'SHARD_INVALID_KEY'],
            async () => {
              const where = {
                prefix: PREFIX,
                objects,
                shardUrls,
                maxFallbackAttempts: 0,
              } as const
              const reader = await SnapshotReader.open({
                ...where,
                engine: wrapEngine(engine, {
                  openReader: (o) => {
                    touched.push(o.url)
                    return engine.openReader(o)
                  },
                }),
              })
              try {
                await reader.getMany([0, 1, 2, 3])
                for await (const _ of reader.scanIter()) break
                return 'taken'
              } finally {
                await reader.close()
              }
            },
          )
          outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1)
          for (const url of touched) {
            assert.ok(isSafelyBelow(url, PREFIX), `${JSON.stringify(url)} was touched`)
          }
        },
      ),
      options,
    )
    assert.ok((outcomes.get('SHARD_MANIFEST') ?? 0) > 300, JSON.stringify([...outcomes]))
    assert.ok((outcomes.get('taken') ?? 0) > 50, JSON.stringify([...outcomes]))
    assert.equal(({} as { polluted?: unknown }).polluted, undefined)
  },
)

hostileTest(
  'shards twice, out of range, or without end in number are refused',
  700,
  async (options) => {
    const ids = fc.array(fc.oneof(fc.bigInt({ min: -3n, max: 6n }), fc.constantFrom(2n ** 40n)), {
      minLength: 1,
      maxLength: 6,
    })
    await fc.assert(
      fc.asyncProperty(ids, fc.constantFrom(1n, 4n, 100_001n, 2n ** 62n), async (found, count) => {
        const image = withDatabase(golden('manifest/hash-int.sqlite'), (database) => {
          // Without the key that would keep ids apart.
          const columns = SHARD_COLUMNS.join()
          database.run(`CREATE TABLE loose AS SELECT ${columns} FROM shards WHERE db_id = 0;
          DROP TABLE shards; CREATE TABLE shards AS SELECT * FROM loose WHERE 0;
          UPDATE build_meta SET num_dbs = ${count}`)
          for (const id of found)
            database.run(
              `INSERT INTO shards SELECT ${id}, ${SHARD_COLUMNS.slice(1).join()} FROM loose`,
            )
          return database.image()
        })
        const isSound =
          count <= 100_000n &&
          new Set(found).size === found.length &&
          found.every((id) => id >= 0n && id < count)
        const outcome = await feed(['SHARD_MANIFEST'], () => decodeManifest(image, 'test'))
        assert.equal(typeof outcome === 'object', isSound)
      }),
      options,
    )
  },
)

/** Damages text or bytes in a few places, cuts them, or repeats a part of them. */
function damaged(sources: readonly Uint8Array[]): fc.Arbitrary<Uint8Array> {
  const edit = fc.record({
    at: fc.nat(2000),
    bytes: fc.uint8Array({ maxLength: 6 }),
    drop: fc.nat(6),
  })
  return fc
    .record({
      source: fc.constantFrom(...sources),
      edits: fc.array(edit, { maxLength: 5 }),
      length: fc.oneof({ weight: 5, arbitrary: fc.constant(1e6) }, fc.nat(500)),
      repeat: fc.oneof({ weight: 9, arbitrary: fc.constant(1) }, fc.constantFrom(2, 100)),
    })
    .map(({ source, edits, length, repeat }) => {
      let bytes = [...source]
      for (const { at, bytes: added, drop } of edits)
        bytes.splice(at % (bytes.length + 1), drop, ...added)
      bytes = bytes.slice(0, length)
      return Uint8Array.from(Array.from({ length: repeat }, () => bytes).flat())
    })
}

hostileTest(
  'damaged pointers: refused, or nothing outside the prefix is touched',
  3300,
  async (options) => {
    const { place } = await sound()
    const good = (await place.objects.get(`${PREFIX}/_CURRENT`))!
    const json = JSON.parse(new TextDecoder().decode(good)) as Record<string, unknown>
    const value = fc.oneof(
      urls,
      urls.map((url) => `${url}/manifests/2026-01-02T03:04:05.000006Z_run_id=r/manifest`),
      fc.constantFrom(null, 1.5, [], {}, 'x'.repeat(70_000), '['.repeat(5000)),
      fc.jsonValue(),
    )
    const changed = fc
      .tuple(fc.constantFrom(...Object.keys(json)), value)
      .map(([name, replaced]) => encoder.encode(JSON.stringify({ ...json, [name]: replaced })))
    const pointers = fc.oneof(damaged([good, golden('current/current.json')]), changed)
    await fc.assert(
      fc.asyncProperty(pointers, fc.constantFrom('below', 'rebase'), async (bytes, shardUrls) => {
        await place.objects.put(`${PREFIX}/_CURRENT`, bytes)
        const touched: string[] = []
        const objects = interceptStore(place.objects, {
          before: ({ url }) => void touched.push(url),
        })
        await feed(['SHARD_MANIFEST', 'SHARD_NOT_FOUND', 'SHARD_STORE'], async () => {
          const at = { prefix: PREFIX, objects, engine: place.engine }
          const reader = await SnapshotReader.open({ ...at, shardUrls })
          await reader.get(1)
          await reader.close()
        })
        for (const url of touched) {
          assert.ok(isSafelyBelow(url, PREFIX), `${JSON.stringify(url)} was touched`)
        }
      }),
      options,
    )
  },
)

const pieces = fc.constantFrom(
  'run_id: x\n',
  'status: running\n',
  'a: &a [*a]\n',
  'b: *a\n',
  '- ',
  '? ',
  ': ',
  '[',
  '{',
  '}',
  ']',
  '&a ',
  '*a',
  '!!binary ',
  '!<tag:x> ',
  '|\n',
  '>-\n',
  '---\n',
  '...\n',
  '%YAML 1.1\n',
  '"',
  "'",
  '\\x00',
  '\t',
  '  ',
  '\n',
  '#',
  '<<: *a\n',
  '\u2028',
  '\ufeff',
  'null',
  '~',
  '0x1F',
  '2026-01-02',
  '@',
  '`',
  'lease_expires_at: 9999-12-31T23:59:59Z\n',
)

hostileTest('damaged run records: read or refused, never anything else', 3000, async (options) => {
  const sources = [
    ...['running', 'failed', 'succeeded'].map((name) => golden(`run/${name}.yaml`)),
    encodeRunRecord(runRecord({ errorMessage: 'é "quoted" \\ \n' })),
  ]
  const woven = fc.array(pieces, { maxLength: 60 }).map((parts) => encoder.encode(parts.join('')))
  const long = fc
    .tuple(pieces, fc.nat(30_000))
    .map(([part, times]) =>
      encoder.encode(`a: ${part.repeat(Math.min(times, 70_000 / part.length))}`),
    )
  const records = fc.oneof(
    { weight: 20, arbitrary: damaged(sources) },
    { weight: 10, arbitrary: woven },
    { weight: 1, arbitrary: long },
  )
  let read = 0
  await fc.assert(
    fc.asyncProperty(records, async (bytes) => {
      const outcome = await feed(['SHARD_MANIFEST'], () => decodeRunRecord(bytes, 'test'))
      if (typeof outcome === 'object') read++
    }),
    options,
  )
  assert.ok(read > 100, `${read} of 3000 were read`)
})

hostileTest(
  'names and records nobody would make: cleanup keeps to runs, and to the prefix',
  200,
  async (options) => {
    const weird = fc.constantFrom(
      '..',
      '.',
      '%2e%2e',
      'x',
      '_CURRENT',
      'manifests',
      'run_id=',
      'run_id=..',
      'run_id=a b',
      'run_id=é',
      'run_id=x_y',
      '2026-01-02T03:04:05.000006Z_run_id=..',
      '2026-13-02T03:04:05.000006Z_run_id=r',
      '2026-01-02T03:04:05.000006Z_run_id=run_id=r',
      `2026-01-02T03:04:05.000006Z_run_id=.._${'0'.repeat(32)}`,
      `2026-01-02T03:04:05.000006Z_run_id=r_${'0'.repeat(32)}`,
      'attempt=00',
      'attempt=',
      'db=00000',
      'run.yaml',
      'manifest',
      'shard.db',
    )
    const folder = fc.constantFrom('shards', 'manifests', 'runs', 'vector_meta', 'other')
    const name = fc.tuple(folder, fc.array(weird, { minLength: 1, maxLength: 5 }))
    const stray = fc.tuple(
      name,
      fc.constantFrom(
        golden('run/failed.yaml'),
        golden('run/running.yaml'),
        golden('manifest/hash-int.sqlite'),
        new Uint8Array(3),
      ),
    )
    await fc.assert(
      fc.asyncProperty(fc.array(stray, { minLength: 1, maxLength: 8 }), async (strays) => {
        const { place, published } = await sound()
        for (const [[top, rest], bytes] of strays) {
          // The store itself refuses some names.
          await place.objects.put([PREFIX, top, ...rest].join('/'), bytes).catch(() => {})
        }
        const deleted: string[] = []
        const objects: ObjectStore = interceptStore(place.objects, {
          before: ({ operation, url }) => {
            if (operation.startsWith('delete')) deleted.push(url)
          },
        })
        const at = { prefix: PREFIX, objects }
        await feed(['SHARD_STORE', 'SHARD_MANIFEST'], async () => {
          await listRuns(at)
          await listSnapshots(at)
          await rollbackSnapshot({ ...at, runId: published.runId })
          await cleanupSnapshots({ ...at, keepLast: 1, olderThanMs: 0, graceMs: 0 })
        })
        const allowed =
          /^(?:shards|vector_meta)\/run_id=[^/]+(?:\/.*)?$|^manifests\/[^/]+\/manifest$|^runs\/[^/]+\/run\.yaml$/
        for (const url of deleted) {
          assert.ok(isSafelyBelow(url, PREFIX) && allowed.test(url.slice(PREFIX.length + 1)), url)
        }
        const reader = await SnapshotReader.open({ ...place })
        assert.equal(reader.info().runId, published.runId)
        await reader.getMany([0, 1, 2, 3, 4])
        await reader.close()
      }),
      options,
    )
  },
)

hostileTest(
  'damaged images of a manifest, opened through a reader: refused or read',
  2000,
  async (options) => {
    const { place, published, image } = await sound()
    const objects = new MemoryStore()
    await objects.put(`${PREFIX}/_CURRENT`, (await place.objects.get(`${PREFIX}/_CURRENT`))!)
    const damage = fc.record({
      bytes: fc.array(
        fc.tuple(fc.oneof(fc.nat(120), fc.nat(4096), fc.nat(image.length - 1)), fc.nat(255)),
        { minLength: 1, maxLength: 8 },
      ),
      length: fc.oneof({ weight: 9, arbitrary: fc.constant(image.length) }, fc.nat(image.length)),
    })
    await fc.assert(
      fc.asyncProperty(damage, async ({ bytes, length }) => {
        const copy = image.slice(0, length)
        for (const [at, value] of bytes) if (at < copy.length) copy[at] = value
        await objects.put(published.manifestRef, copy)
        await feed(['SHARD_MANIFEST', 'SHARD_ROUTING'], async () => {
          const reader = await SnapshotReader.open({ ...place, objects })
          reader.shards()
          await reader.close()
        })
      }),
      options,
    )
  },
)

test('all of it together: enough inputs', () => {
  assert.ok(inputsTried() >= 10_000, `${inputsTried()} inputs`)
})

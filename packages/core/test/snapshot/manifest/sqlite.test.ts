import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { test } from 'node:test'
import { ShardyfusionError } from '@shardyfusion/core'
import { withDatabase, type SqliteDatabase } from '#dist/snapshot/manifest/sqlite.js'

/** Leaves a file in the instance's own file system, by which the instance is known again. */
const mark = (database: SqliteDatabase): void =>
  database.run("ATTACH '/mark' AS m; CREATE TABLE IF NOT EXISTS m.mark (x); DETACH m")

const isMarked = (database: SqliteDatabase): boolean => {
  database.run("ATTACH '/mark' AS m")
  return [...database.rows('SELECT name FROM m.sqlite_schema')].length > 0
}

/** A module whose one function is the instruction `unreachable`. */
const TRAP = Uint8Array.from([
  0, 97, 115, 109, 1, 0, 0, 0, 1, 4, 1, 96, 0, 0, 3, 2, 1, 0, 7, 5, 1, 1, 116, 0, 0, 10, 5, 1, 3, 0,
  0, 11,
])

// The compiler's libraries for Node do not declare it.
const { Module, Instance } = (globalThis as unknown as Record<'WebAssembly', WebAssemblyApi>)
  .WebAssembly
interface WebAssemblyApi {
  Module: new (bytes: Uint8Array) => object
  Instance: new (module: object) => { exports: { t(): void } }
}

const failures: [string, boolean, () => void][] = [
  ["SQLite's refusal", true, () => {}],
  [
    'an error of the SDK',
    true,
    () => {
      throw new ShardyfusionError('SHARD_MANIFEST', 'no')
    },
  ],
  ['a WebAssembly trap', false, () => new Instance(new Module(TRAP)).exports.t()],
  [
    'an overflow of the stack',
    false,
    function overflow(): void {
      overflow()
    },
  ],
  [
    'a string, which sql.js throws when misused',
    false,
    () => {
      throw 'Statement closed'
    },
  ],
]

for (const [name, kept, fail] of failures) {
  test(`withDatabase: ${kept ? 'keeps' : 'replaces'} the instance after ${name}`, async () => {
    await withDatabase(undefined, mark)
    assert.equal(await withDatabase(undefined, isMarked), true)
    const failed = withDatabase(undefined, (database) => {
      fail()
      database.run('SELECT * FROM nowhere')
    })
    // Asked for before the failure, so that it waits for the very instance that breaks.
    const waiting = withDatabase(undefined, isMarked)
    await assert.rejects(failed)
    assert.equal(await waiting, kept)
    assert.equal(await withDatabase(undefined, isMarked), kept)
  })
}

test('withDatabase: lets go of an instance that held a large image', async () => {
  const large = await withDatabase(undefined, (database) => {
    database.run('CREATE TABLE filler (x); INSERT INTO filler VALUES (zeroblob(17000000))')
    return database.image()
  })
  await withDatabase(undefined, mark)
  assert.equal(await withDatabase(large, isMarked), true)
  assert.equal(await withDatabase(undefined, isMarked), false)
})

test('withDatabase: leaves the bytes it was given alone, also those of a Buffer', async () => {
  const image = Buffer.from(
    await withDatabase(undefined, (database) => {
      database.run('CREATE TABLE t (x)')
      return database.image()
    }),
  )
  const before = Buffer.from(image)
  await withDatabase(image, (database) => database.run('INSERT INTO t VALUES (1); VACUUM'))
  assert.deepEqual(image, before)
})

test('rows: integers beyond 2^53 keep every digit, both ways', async () => {
  const values = [0n, -1n, 9007199254740993n, 9223372036854775807n, -9223372036854775808n]
  const rows = await withDatabase(undefined, (database) => {
    database.run('CREATE TABLE t (x INTEGER)')
    database.insert(
      'INSERT INTO t VALUES (?)',
      values.map((value) => [value]),
    )
    return [...database.rows('SELECT x FROM t')]
  })
  assert.deepEqual(
    rows,
    values.map((value) => [value]),
  )
})

test("withDatabase: the application's own sql.js is another instance", async () => {
  const require = createRequire(new URL('../../../package.json', import.meta.url))
  const theirs = require('sql.js') as unknown
  await assert.rejects(
    withDatabase(undefined, () => {
      throw 'force a reload'
    }),
  )
  await withDatabase(undefined, mark)
  assert.equal(require('sql.js'), theirs)
})

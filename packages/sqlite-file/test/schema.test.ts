import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SqliteFileError, SqliteImage, type TableInfo } from 'sqlite-file'
import { made } from './support/sqlite.js'

function tableOf(sql: string, name = 't'): TableInfo {
  return new SqliteImage(made((db) => db.exec(sql))).table(name).info
}

function keyOf({ primaryKey }: TableInfo): unknown[] {
  return primaryKey.map(({ name, collation, descending }) => [name, collation, descending])
}

test('statements of every form are understood', () => {
  const info = tableOf(
    `CREATE TABLE "a ""table""" ( -- comment
      [first col] varchar(10, 2) NOT NULL ON CONFLICT FAIL DEFAULT 'x''y' COLLATE nocase,
      \`second\` "double" precision CHECK (second > (1 + 2)) REFERENCES other (id) ON DELETE SET NULL,
      'third' integer CONSTRAINT c UNIQUE DEFAULT -5 /* another */,
      computed INT AS (third + 1) STORED, virtual_one GENERATED ALWAYS AS (third) VIRTUAL, none,
      CONSTRAINT pk PRIMARY KEY (third DESC, [first col]) ON CONFLICT REPLACE CHECK (1)
      FOREIGN KEY (none) REFERENCES other (x) DEFERRABLE INITIALLY DEFERRED
    ) WITHOUT ROWID`,
    'A "Table"',
  )
  assert.deepEqual(
    info.columns.map(({ name, type, affinity, notNull, collation, defaultValue }) => [
      name,
      type,
      affinity,
      notNull,
      collation,
      defaultValue,
    ]),
    [
      ['first col', 'VARCHAR', 'TEXT', true, 'NOCASE', "x'y"],
      ['second', 'DOUBLE PRECISION', 'REAL', false, 'BINARY', null],
      ['third', 'INTEGER', 'INTEGER', false, 'BINARY', -5],
      ['computed', 'INT', 'INTEGER', false, 'BINARY', null],
      ['none', '', 'BLOB', false, 'BINARY', null],
    ],
  )
  assert.equal(info.withoutRowid, true)
  assert.deepEqual(keyOf(info), [
    ['third', 'BINARY', true],
    ['first col', 'NOCASE', false],
  ])
})

test('the row id has another name only where SQLite gives it one', () => {
  const named = (columns: string): string | undefined =>
    tableOf(`CREATE TABLE t (${columns})`).rowidColumn
  assert.equal(named('a INTEGER PRIMARY KEY'), 'a')
  assert.equal(named('a integer primary key autoincrement'), 'a')
  assert.equal(named('a "INTEGER" PRIMARY KEY ASC'), 'a')
  assert.equal(named('a INTEGER, b, PRIMARY KEY (a DESC)'), 'a')
  assert.equal(named('a INTEGER PRIMARY KEY DESC'), undefined)
  assert.equal(named('a INT PRIMARY KEY'), undefined)
  assert.equal(named('a INTEGER, b, PRIMARY KEY (a, b)'), undefined)
})

test('generated, added and odd columns are read as SQLite reads them', () => {
  const image = made((db) => {
    db.exec('CREATE TABLE t (a INTEGER, v AS (a * 2), s REAL AS (a + 1) STORED, r REAL)')
    db.exec('INSERT INTO t (a, r) VALUES (1, 5), (2, 0.5)')
    db.exec("ALTER TABLE t ADD COLUMN late TEXT DEFAULT 'later'")
    db.exec(
      'CREATE VIEW w AS SELECT 1; CREATE INDEX e ON t (a + 1); CREATE INDEX p ON t (a) WHERE a > 1',
    )
  })
  const file = new SqliteImage(image)
  assert.deepEqual(
    [...file.table('T').rows()],
    [
      [1, 2, 5, 'later'],
      [2, 3, 0.5, 'later'],
    ],
  )
  assert.deepEqual(file.schema.tableNames, ['t'])
  const [expression, partial] = file.table('t').info.indexes
  assert.equal(expression!.columns[0]!.name, undefined)
  assert.equal(partial!.partial, true)
  assert.deepEqual(file.table('t').index('p').find([2]), [[2, 3, 0.5, 'later']])
  assert.equal(file.verify().ok, true)
})

test('what cannot be read is refused by name, and the rest of the file still reads', () => {
  const image = made((db) => {
    db.exec('CREATE TABLE t (a); INSERT INTO t VALUES (7); CREATE VIEW w AS SELECT 1')
    db.exec(
      'CREATE TABLE kv (k TEXT PRIMARY KEY, v, w) WITHOUT ROWID; CREATE VIRTUAL TABLE f USING fts3 (x)',
    )
    db.exec('CREATE TABLE two (k BLOB PRIMARY KEY, v) WITHOUT ROWID')
    db.exec("INSERT INTO two VALUES (x'01', 5); INSERT INTO two VALUES ('text', x'')")
  })
  const file = new SqliteImage(image)
  const code = (use: () => unknown): string => {
    try {
      use()
      return 'no error'
    } catch (error) {
      assert.ok(error instanceof SqliteFileError)
      return error.code
    }
  }
  assert.equal(
    code(() => file.table('missing')),
    'NOT_FOUND',
  )
  assert.equal(
    code(() => file.table('w')),
    'UNSUPPORTED',
  )
  assert.equal(
    code(() => file.table('f')),
    'UNSUPPORTED',
  )
  assert.equal(
    code(() => file.keyValue('kv')),
    'UNSUPPORTED',
  )
  assert.equal(
    code(() => file.keyValue('t')),
    'UNSUPPORTED',
  )
  assert.equal(
    code(() => file.table('t').index('missing')),
    'NOT_FOUND',
  )
  assert.equal(
    code(() => file.table('t').get('x')),
    'INVALID_ARGUMENT',
  )
  assert.equal(
    code(() => file.keyValue('two').get('text' as unknown as Uint8Array)),
    'INVALID_ARGUMENT',
  )
  // A key that is a text, and a value that is a number, are no bytes.
  assert.equal(
    code(() => [...file.keyValue('two').scan()]),
    'UNSUPPORTED',
  )
  assert.equal(
    code(() => file.keyValue('two').get(Uint8Array.of(1))),
    'UNSUPPORTED',
  )
  assert.deepEqual([...file.table('two').rows()].length, 2)
  assert.deepEqual(file.table('t').get(1), [7])
})

test('tables without row id find rows by their whole key, and ranges by its first columns', () => {
  const image = made((db) => {
    db.exec(
      'CREATE TABLE t (v, a TEXT, b INTEGER, PRIMARY KEY (a COLLATE NOCASE, b DESC)) WITHOUT ROWID; BEGIN',
    )
    for (let i = 0; i < 900; i++) db.run('INSERT INTO t VALUES (?, ?, ?)', [i, `Key ${i % 30}`, i])
    db.exec('COMMIT')
  })
  const table = new SqliteImage(image).table('t')
  assert.deepEqual(table.get(['KEY 7', 37]), [37, 'Key 7', 37])
  assert.equal(table.get(['key 7', 38]), undefined)
  assert.throws(() => table.get(['key 7']), { code: 'INVALID_ARGUMENT' })
  const rows = [...table.rows({ from: ['key 7'], to: ['key 8'] })]
  assert.equal(rows.length, 30)
  assert.deepEqual(rows[0], [877, 'Key 7', 877])
  const some = [...table.rows({ from: ['key 7', 100], to: ['key 7', 37] })]
  assert.deepEqual(
    some.map(([, , b]) => b),
    [97, 67],
  )
})

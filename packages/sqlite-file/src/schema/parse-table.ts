import type { SqlValue } from '../value.js'
import {
  affinityOf,
  type Column,
  type IndexDefinition,
  type IndexedColumn,
  sameName,
  type TableDefinition,
} from './table-definition.js'
import { TokenReader } from './tokens.js'

const TABLE_CONSTRAINTS = ['CONSTRAINT', 'PRIMARY', 'UNIQUE', 'CHECK', 'FOREIGN']
const COLUMN_CONSTRAINTS = [
  'CONSTRAINT',
  'PRIMARY',
  'NOT',
  'NULL',
  'UNIQUE',
  'CHECK',
  'DEFAULT',
  'COLLATE',
  'REFERENCES',
  'GENERATED',
  'AS',
]

/** The limit of SQLite unless it is compiled with another; it also bounds the time of a hostile statement. */
const MAX_COLUMNS = 2000

interface Draft {
  columns: Column[]
  primaryKey: IndexedColumn[]
  rowidColumn: string | undefined
  uniqueKeys: IndexedColumn[][]
}

/** Reads a CREATE TABLE statement. Errors: UNSUPPORTED for what it does not understand. */
export function parseTable(sql: string, where: string): TableDefinition {
  const tokens = new TokenReader(sql, where)
  tokens.expect('CREATE')
  if (!tokens.take('TEMP')) tokens.take('TEMPORARY')
  if (tokens.is('VIRTUAL')) tokens.fail('a virtual table is kept by its module')
  tokens.expect('TABLE')
  const name = objectName(tokens)
  const draft: Draft = { columns: [], primaryKey: [], rowidColumn: undefined, uniqueKeys: [] }
  tokens.expect('(')
  do {
    if (TABLE_CONSTRAINTS.some((word) => tokens.is(word))) tableConstraint(tokens, draft)
    else column(tokens, draft)
    // SQLite allows table constraints without a comma between them.
    while (TABLE_CONSTRAINTS.some((word) => tokens.is(word))) tableConstraint(tokens, draft)
  } while (tokens.take(','))
  tokens.expect(')')
  let withoutRowid = false
  while (!tokens.isDone && !tokens.is(';')) {
    if (tokens.take('WITHOUT', 'ROWID')) withoutRowid = true
    else if (!tokens.take('STRICT') && !tokens.take(',')) tokens.fail('expected the end')
  }
  if (withoutRowid && draft.primaryKey.length === 0) tokens.fail('expected a primary key')
  const rowidColumn = withoutRowid ? undefined : draft.rowidColumn
  return { name, ...draft, rowidColumn, withoutRowid }
}

/** Reads a CREATE INDEX statement. */
export function parseIndex(sql: string, where: string): IndexDefinition {
  const tokens = new TokenReader(sql, where)
  tokens.expect('CREATE')
  const unique = tokens.take('UNIQUE')
  tokens.expect('INDEX')
  const name = objectName(tokens)
  tokens.expect('ON')
  const table = tokens.name()
  const columns = indexedColumns(tokens)
  return { name, table, columns, unique, partial: tokens.is('WHERE') }
}

function objectName(tokens: TokenReader): string {
  tokens.take('IF', 'NOT', 'EXISTS')
  const name = tokens.name()
  return tokens.take('.') ? tokens.name() : name
}

function column(tokens: TokenReader, draft: Draft): void {
  const name = tokens.name()
  const type = declaredType(tokens)
  const made = {
    name,
    type,
    affinity: affinityOf(type),
    notNull: false,
    collation: 'BINARY',
    defaultValue: null as SqlValue | undefined,
  }
  let isVirtual = false
  for (;;) {
    if (tokens.take('CONSTRAINT')) tokens.name()
    else if (tokens.take('PRIMARY', 'KEY')) {
      const descending = direction(tokens)
      conflict(tokens)
      tokens.take('AUTOINCREMENT')
      primaryKey(draft, [{ name, collation: undefined, descending }], made, !descending)
    } else if (tokens.take('NOT', 'NULL')) {
      made.notNull = true
      conflict(tokens)
    } else if (tokens.take('NULL')) conflict(tokens)
    else if (tokens.take('UNIQUE')) {
      conflict(tokens)
      draft.uniqueKeys.push([{ name, collation: undefined, descending: false }])
    } else if (tokens.take('CHECK')) tokens.skipGroup()
    else if (tokens.take('DEFAULT')) made.defaultValue = literal(tokens)
    else if (tokens.take('COLLATE')) made.collation = tokens.name().toUpperCase()
    else if (tokens.is('REFERENCES')) references(tokens)
    else if (tokens.take('GENERATED', 'ALWAYS', 'AS') || tokens.take('AS')) {
      tokens.skipGroup()
      isVirtual = !tokens.take('STORED')
      tokens.take('VIRTUAL')
    } else break
  }
  if (!isVirtual) draft.columns.push(made)
  if (draft.columns.length > MAX_COLUMNS) tokens.fail(`at most ${MAX_COLUMNS} columns are read`)
}

function declaredType(tokens: TokenReader): string {
  const words: string[] = []
  for (;;) {
    const token = tokens.current
    if (token === undefined || token.kind === 'mark' || token.kind === 'number') break
    if (token.kind === 'word' && COLUMN_CONSTRAINTS.includes(token.text.toUpperCase())) break
    words.push(tokens.next().text.toUpperCase())
  }
  if (words.length > 0 && tokens.is('(')) tokens.skipGroup()
  return words.join(' ')
}

function tableConstraint(tokens: TokenReader, draft: Draft): void {
  const hasName = tokens.take('CONSTRAINT')
  if (hasName) tokens.name()
  if (tokens.take('PRIMARY', 'KEY')) {
    const key = indexedColumns(tokens)
    conflict(tokens)
    const only = key.length === 1 ? columnOf(draft, key[0]!.name) : undefined
    primaryKey(draft, key, only, true)
  } else if (tokens.take('UNIQUE')) {
    draft.uniqueKeys.push(indexedColumns(tokens))
    conflict(tokens)
  } else if (tokens.take('CHECK')) {
    tokens.skipGroup()
    conflict(tokens)
  } else if (tokens.take('FOREIGN', 'KEY')) {
    tokens.skipGroup()
    references(tokens)
  } else if (!hasName) tokens.fail('expected a table constraint')
}

/** Notes the primary key; alone and declared INTEGER, its column is another name for the row id. */
function primaryKey(
  draft: Draft,
  key: IndexedColumn[],
  only: Pick<Column, 'name' | 'type'> | undefined,
  mayBeRowid: boolean,
): void {
  draft.primaryKey = key
  if (only?.type === 'INTEGER' && mayBeRowid) draft.rowidColumn = only.name
  // Whether it has an index depends on WITHOUT ROWID, which comes last.
  else draft.uniqueKeys.push(key)
}

function columnOf({ columns }: Draft, name: string | undefined): Column | undefined {
  return name === undefined ? undefined : columns.find((one) => sameName(one.name, name))
}

/** The columns of a key in parentheses; an expression has no name. */
function indexedColumns(tokens: TokenReader): IndexedColumn[] {
  const columns: IndexedColumn[] = []
  tokens.expect('(')
  do columns.push(indexedColumn(tokens))
  while (tokens.take(','))
  tokens.expect(')')
  return columns
}

function indexedColumn(tokens: TokenReader): IndexedColumn {
  const token = tokens.current
  const mayBeName = token !== undefined && token.kind !== 'mark' && token.kind !== 'number'
  let name = mayBeName ? tokens.name() : undefined
  let collation: string | undefined
  let descending = false
  for (;;) {
    if (tokens.take('COLLATE')) collation = tokens.name().toUpperCase()
    else if (tokens.is('ASC') || tokens.is('DESC')) descending = direction(tokens)
    else if (tokens.is(',') || tokens.is(')')) break
    else {
      // Anything else makes it an expression.
      name = undefined
      if (tokens.is('(')) tokens.skipGroup()
      else tokens.next()
    }
  }
  return { name, collation, descending }
}

function direction(tokens: TokenReader): boolean {
  if (tokens.take('DESC')) return true
  tokens.take('ASC')
  return false
}

function conflict(tokens: TokenReader): void {
  if (tokens.take('ON', 'CONFLICT')) tokens.next()
}

function references(tokens: TokenReader): void {
  tokens.expect('REFERENCES')
  tokens.name()
  if (tokens.is('(')) tokens.skipGroup()
  for (;;) {
    if (tokens.take('ON')) {
      tokens.next()
      const action = tokens.next().text.toUpperCase()
      if (action === 'SET' || action === 'NO') tokens.next()
    } else if (tokens.take('MATCH')) tokens.next()
    else if (tokens.take('INITIALLY')) tokens.next()
    else if (!tokens.take('NOT', 'DEFERRABLE') && !tokens.take('DEFERRABLE')) return
  }
}

/** The value of DEFAULT if it is a literal. */
function literal(tokens: TokenReader): SqlValue | undefined {
  if (tokens.is('(')) {
    tokens.skipGroup()
    return undefined
  }
  const isNegative = tokens.take('-')
  if (!isNegative) tokens.take('+')
  const { kind, text } = tokens.next()
  if (kind === 'number') {
    const isInteger = /^(\d+|0[xX].*)$/.test(text)
    if (!isInteger) return Number(text) * (isNegative ? -1 : 1)
    const value = BigInt(text) * (isNegative ? -1n : 1n)
    return Number.isSafeInteger(Number(value)) ? Number(value) : value
  }
  if (kind === 'string' || kind === 'name') return text
  if (kind === 'blob') {
    return Uint8Array.from({ length: text.length / 2 }, (_, i) =>
      Number.parseInt(text.slice(2 * i, 2 * i + 2), 16),
    )
  }
  const word = text.toUpperCase()
  if (word === 'NULL') return null
  if (word === 'TRUE' || word === 'FALSE') return word === 'TRUE' ? 1 : 0
  return undefined
}

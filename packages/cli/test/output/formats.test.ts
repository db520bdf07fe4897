import assert from 'node:assert/strict'
import { test } from 'node:test'
import { csvLine } from '#dist/output/csv-text.js'
import { JsonText, toJson, toPrettyJson } from '#dist/output/json-text.js'
import { type Column, type OutputFormat, Printer } from '#dist/output/printer.js'
import { renderValue } from '#dist/output/render-bytes.js'
import { paintFor, wantsColor } from '#dist/output/style.js'
import { displayWidth, printable } from '#dist/output/table.js'
import { formatBytes, formatCount, formatMs } from '#dist/output/units.js'

function printed(
  format: OutputFormat,
  print: (printer: Printer) => void,
  columns?: number,
  isTerminal = false,
): string {
  const parts: string[] = []
  const write = (data: string | Uint8Array): void => void parts.push(Buffer.from(data).toString())
  print(new Printer({ format, write, paint: paintFor(false), columns, isTerminal }))
  return parts.join('')
}

const COLUMNS: readonly Column[] = [{ name: 'key', align: 'right' }, { name: 'value' }]
const ROWS = [
  { key: 12345678901234567890n, value: new JsonText('{"a": 1,\n "b":" \\" \\n "}') },
  { key: 2n, value: 'a "b", c' },
]

test('lists: every format keeps every digit and every character', () => {
  const list = (format: OutputFormat) => printed(format, (printer) => printer.rows(COLUMNS, ROWS))
  assert.equal(
    list('ndjson'),
    '{"key":12345678901234567890,"value":{"a":1,"b":" \\" \\n "}}\n{"key":2,"value":"a \\"b\\", c"}\n',
  )
  assert.equal(
    list('json'),
    '[\n  {"key":12345678901234567890,"value":{"a":1,"b":" \\" \\n "}},\n  {"key":2,"value":"a \\"b\\", c"}\n]\n',
  )
  assert.equal(
    list('csv'),
    'key,value\n12345678901234567890,"{""a"":1,""b"":"" \\"" \\n ""}"\n2,"a ""b"", c"\n',
  )
  assert.equal(
    list('table'),
    '                 key  value\n12345678901234567890  {"a":1,"b":" \\" \\n "}\n                   2  a "b", c\n',
  )
})

test('lists: an empty list is valid JSON', () => {
  const list = (format: OutputFormat) => printed(format, (printer) => printer.rows(COLUMNS, []))
  assert.deepEqual(
    [list('json'), list('ndjson'), list('csv'), list('table')],
    ['[]\n', '', 'key,value\n', ''],
  )
})

test('tables: the last column is shortened to the width of the terminal', () => {
  const text = printed(
    'table',
    (printer) => printer.rows(COLUMNS, [{ key: 1n, value: 'x'.repeat(100) }]),
    30,
  )
  assert.deepEqual(text.split('\n').map(displayWidth), [10, 30, 0])
  assert.ok(text.includes('…'))
})

test('tables: escape control characters of data', () => {
  const text = printed('table', (printer) =>
    printer.rows(COLUMNS, [{ key: 1n, value: '\u001B[2J\u0007\n' }]),
  )
  assert.ok(text.includes('\\x1b[2J\\x07\\n'))
  assert.equal(printable('a\tb\u009B', '\t'), 'a\tb\\x9b')
})

test('tables: wide characters count as two columns, combining marks as none', () => {
  assert.deepEqual(['abc', '東京', 'e\u0301', '👍'].map(displayWidth), [3, 4, 1, 2])
})

test('records: are facts for people and an object for programs', () => {
  const record = { a: 1, b: undefined, c: ['x', 2n] }
  assert.equal(
    printed('json', (printer) => printer.record(record)),
    '{\n  "a": 1,\n  "c": [\n    "x",\n    2\n  ]\n}\n',
  )
  assert.equal(
    printed('ndjson', (printer) => printer.record(record)),
    '{"a":1,"c":["x",2]}\n',
  )
  assert.equal(
    printed('table', (printer) => printer.record(record)),
    'a  1\nc  ["x",2]\n',
  )
})

test('values: auto shows objects as JSON, text as text, and other bytes as base64', () => {
  const show = (text: string | Uint8Array, as: Parameters<typeof renderValue>[1]) =>
    toJson(renderValue(Buffer.from(text), as))
  assert.equal(show('{"n":12345678901234567890}', 'auto'), '{"n":12345678901234567890}')
  assert.equal(show('123', 'auto'), '"123"')
  assert.equal(show('{not json', 'auto'), '"{not json"')
  assert.equal(show(Buffer.from([0xff, 0]), 'auto'), '"base64:/wA="')
  assert.equal(show('123', 'json'), '123')
  assert.equal(show('x', 'json'), '"x"')
  assert.equal(show('Hi', 'hex'), '"4869"')
  assert.equal(show('Hi', 'base64'), '"SGk="')
})

test('JSON: nested values are indented for people and on one line for programs', () => {
  const cell = { list: [], map: {}, deep: [{ a: null }] }
  assert.equal(toJson(cell), '{"list":[],"map":{},"deep":[{"a":null}]}')
  assert.deepEqual(JSON.parse(toPrettyJson(cell)), JSON.parse(toJson(cell)))
})

test('CSV: quotes cells that need quotes', () => {
  assert.equal(
    csvLine(['a,b', 'c"d', 'e\nf', undefined, null, true, 'g']),
    '"a,b","c""d","e\nf",,,true,g',
  )
})

test('colors: the flag overrides NO_COLOR, which overrides FORCE_COLOR, which overrides the terminal', () => {
  assert.deepEqual(
    [
      wantsColor(true, {}, undefined),
      wantsColor(false, {}, undefined),
      wantsColor(true, { NO_COLOR: '1' }, undefined),
      wantsColor(true, { NO_COLOR: '' }, undefined),
      wantsColor(false, { FORCE_COLOR: '1' }, undefined),
      wantsColor(true, { TERM: 'dumb' }, undefined),
      wantsColor(false, { NO_COLOR: '1' }, true),
      wantsColor(true, {}, false),
    ],
    [true, false, false, true, true, false, true, false],
  )
})

test('units: counts, bytes and times as people write them', () => {
  assert.deepEqual([0, 999, 1000, 1234567].map(formatCount), ['0', '999', '1,000', '1,234,567'])
  assert.deepEqual(
    [0, 1023, 1024, 1536 * 1024, 9.996 * 1024].map((n) => formatBytes(n)),
    ['0 B', '1023 B', '1.00 KiB', '1.50 MiB', '10.0 KiB'],
  )
  assert.deepEqual([0.5, 999, 1500, 59_900, 61_000, 3_720_000, 90_000_000].map(formatMs), [
    '0.50 ms',
    '999 ms',
    '1.50 s',
    '1m00s',
    '1m01s',
    '1h02m',
    '1d01h',
  ])
})

/** Characters that control a terminal or change the direction of text. */
const HOSTILE = '\u001B[2Ja\u009B31mb\u007Fc\u202Ed\u2066e\u200Ff\u2028g\rh'

test('every format: escapes control characters on a terminal, and JSON keeps its meaning', () => {
  const rows = [{ key: HOSTILE, value: new JsonText(JSON.stringify({ [HOSTILE]: HOSTILE })) }]
  const driving =
    /[\u0000-\u0009\u000B-\u001F\u007F-\u009F\u061C\u200E\u200F\u2028-\u202E\u2066-\u2069]/
  for (const format of ['table', 'json', 'ndjson', 'csv', 'raw'] as const) {
    const print = (printer: Printer): void => {
      if (format === 'raw') return printer.data(Buffer.from(HOSTILE))
      printer.rows(COLUMNS, rows)
      printer.record(rows[0]!)
    }
    assert.doesNotMatch(printed(format, print, undefined, true), driving, format)
    if (format === 'table') continue
    assert.ok(printed(format, print).includes('\u202E'), `${format}: a pipe gets what there is`)
  }
  const [shown, exact] = [true, false].map((isTerminal) =>
    printed('ndjson', (printer) => printer.record(rows[0]!), undefined, isTerminal),
  )
  assert.notEqual(shown, exact)
  assert.deepEqual(JSON.parse(shown!), JSON.parse(exact!))
})

import assert from 'node:assert/strict'
import { gzipSync } from 'node:zlib'
import * as zlib from 'node:zlib'
import { test } from 'node:test'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { openRowSource, type RowSourceOptions } from '#dist/input/row-source.js'
import type { LineCounts } from '#dist/input/line-tally.js'
import type { Place } from '#dist/input/bad-row.js'
import { tempFolder } from '@shardyfusion/test-support/temp-folder'
import { soak } from '@shardyfusion/test-support/soak'

const folder = tempFolder()
let files = 0

interface Taken {
  readonly rows: { key: unknown; value: string; line: number }[]
  readonly bad: string[]
  readonly lines: LineCounts & { readonly read: number }
}

async function take(
  name: string,
  content: string | Uint8Array,
  options: Partial<RowSourceOptions['rows']> & { csv?: Partial<RowSourceOptions['csv']> } = {},
): Promise<Taken> {
  const path = join(folder, `${files++}-${name}`)
  writeFileSync(path, content)
  const { csv, ...rows } = options
  const bad: string[] = []
  const source = openRowSource({
    paths: [path],
    format: 'auto',
    rows: {
      key: 'id',
      value: undefined,
      keyEncoding: 'u64be',
      keyAs: 'text',
      maxIntegerKey: 2n ** 63n - 1n,
      valueAs: 'text',
      contextColumns: undefined,
      ...rows,
    },
    csv: {
      delimiter: undefined,
      header: true,
      columns: undefined,
      inferTypes: false,
      quote: undefined,
      ...csv,
    },
    bad: {
      count: 0,
      reject: (reason: string, { line }: Place, text: () => string) =>
        bad.push(`${line}: ${reason} <${text()}>`),
      close: () => {},
    },
  })
  const taken: Taken = { rows: [], bad, lines: source.lines }
  for await (const batch of source.batches())
    for (const { key, value, line } of batch)
      taken.rows.push({ key, value: Buffer.from(value).toString(), line })
  return taken
}

test('ndjson: a value is its unchanged line without surrounding white space', async () => {
  const text = '\uFEFF{"id":1,"n":12345678901234567890}\r\n\n  {"id": 2}  \n{"id":3}'
  assert.deepEqual((await take('a.ndjson', text)).rows, [
    { key: 1, value: '{"id":1,"n":12345678901234567890}', line: 1 },
    { key: 2, value: '{"id": 2}', line: 3 },
    { key: 3, value: '{"id":3}', line: 4 },
  ])
})

test('ndjson: keys beyond 2^53 are exact, and digits in quotes are numbers', async () => {
  const text = '{"id":9223372036854775807}\n{"id":"9007199254740993"}\n{"id":"007"}\n'
  const { rows, bad } = await take('a.ndjson', text)
  assert.deepEqual(
    [rows.map(({ key }) => key), bad],
    [[9223372036854775807n, 9007199254740993n, 7], []],
  )
})

test('ndjson: the reason for an invalid row names its line', async () => {
  const { rows, bad } = await take(
    'a.ndjson',
    [
      '{"id":1}',
      '{"id":2',
      '[1,2]',
      '{"no":1}',
      '{"id":-1}',
      '{"id":1.5}',
      '{"id":"abc"}',
      '{"id":9223372036854775808}',
      '{"id":null}',
      '{"id":9}',
    ].join('\n'),
  )
  assert.deepEqual(
    rows.map(({ line }) => line),
    [1, 10],
  )
  const reasons = [
    /^2: it is not JSON: .* <\{"id":2>$/,
    /^3: expected a JSON object, got \[1,2\] <\[1,2\]>$/,
    /^4: the column "id" for the key does not exist; the columns are: no </,
    /^5: the key "id" must be in the range 0 to 9223372036854775807, got -1 </,
    /^6: the key "id" must be an integer of 0 or more, got "1\.5" </,
    /^7: the key "id" must be an integer of 0 or more, got "abc"; for text keys pass --key-encoding utf8 </,
    /^8: the key "id" must be in the range 0 to 9223372036854775807, got 9223372036854775808 </,
    /^9: the key "id" must be a number or text, got null </,
  ]
  assert.equal(bad.length, reasons.length)
  reasons.forEach((reason, i) => assert.match(bad[i]!, reason))
})

test('ndjson: rejects only the lines that are not UTF-8', async () => {
  const text = Buffer.concat([
    Buffer.from('{"id":1}\n{"id":2,"x":"'),
    Buffer.from([0xff]),
    Buffer.from('"}\n{"id":3}\n'),
  ])
  const { rows, bad } = await take('a.ndjson', text)
  assert.deepEqual(
    rows.map(({ key }) => key),
    [1, 3],
  )
  assert.match(bad[0]!, /^2: it is not UTF-8; .* iconv/)
})

test('ndjson: lines may cross the chunks of a file', async () => {
  const lines = Array.from({ length: 20_000 }, (_, id) =>
    JSON.stringify({ id, text: 'é'.repeat(id % 60) }),
  )
  const { rows, bad } = await take('a.ndjson', lines.join('\n'))
  assert.equal(bad.length, 0)
  assert.deepEqual(
    rows.map(({ value }) => value),
    lines,
  )
})

test('ndjson: a value column is stored as text, as JSON with every digit, or as bytes', async () => {
  const text = '{"id":1,"v":"x\\ty"}\n{"id":2,"v":12345678901234567890}\n{"id":3,"v":{"a": 1}}\n'
  const values = async (options: Parameters<typeof take>[2]) =>
    (await take('a.ndjson', text, options)).rows.map(({ value }) => value)
  assert.deepEqual(await values({ value: 'v' }), ['x\ty', '12345678901234567890', '{"a": 1}'])
  assert.deepEqual(await values({ value: 'v', valueAs: 'json' }), [
    '"x\\ty"',
    '12345678901234567890',
    '{"a": 1}',
  ])
  const bytes = await take('a.ndjson', '{"id":1,"v":"4869"}\n{"id":2,"v":"xyz"}\n', {
    value: 'v',
    valueAs: 'hex',
  })
  assert.deepEqual([bytes.rows[0]!.value, bytes.bad.length], ['Hi', 1])
})

test('ndjson: text keys accept text, and the digits of numbers', async () => {
  const { rows, bad } = await take(
    'a.ndjson',
    '{"id":"ä/1"}\n{"id":12345678901234567890}\n{"id":""}\n{"id":"\\ud800"}\n',
    {
      keyEncoding: 'utf8',
    },
  )
  assert.deepEqual(
    rows.map(({ key }) => key),
    ['ä/1', '12345678901234567890'],
  )
  assert.match(bad[0]!, /^3: the key "id" must not be empty/)
  assert.match(bad[1]!, /^4: the key "id" must be well-formed text, got a lone surrogate/)
})

test('csv: a row becomes JSON and keeps quotes, line ends and every digit', async () => {
  const text = 'id,name,n\n1,"a ""b"", c",12345678901234567890\n\n2,"two\nlines",\n3,x\n'
  const { rows, bad } = await take('a.csv', text)
  assert.deepEqual(
    rows.map(({ key, value }) => [key, JSON.parse(value)]),
    [
      [1, { id: '1', name: 'a "b", c', n: '12345678901234567890' }],
      [2, { id: '2', name: 'two\nlines', n: '' }],
    ],
  )
  assert.deepEqual(bad, ['6: expected 3 columns, got 2 <3,x>'])
})

test('csv: --infer-types converts cells and keeps every digit', async () => {
  const { rows } = await take('a.csv', 'id,a,b,c,d,e\n12345678901234567,1.50,true,,x,007\n', {
    csv: { inferTypes: true },
  })
  assert.deepEqual(
    rows.map(({ key, value }) => [key, value]),
    [[12345678901234567n, '{"id":12345678901234567,"a":1.50,"b":true,"c":null,"d":"x","e":"007"}']],
  )
})

test('csv: columns without a header are numbered or named; .tsv selects TSV', async () => {
  const numbered = await take('a.csv', '7,x\n', { key: '1', value: '2', csv: { header: false } })
  assert.deepEqual([numbered.rows[0]!.key, numbered.rows[0]!.value], [7, 'x'])
  const named = await take('a.tsv', '7\tx,y\n', {
    value: 'v',
    csv: { header: false, columns: ['id', 'v'] },
  })
  assert.equal(named.rows[0]!.value, 'x,y')
})

test('csv: a missing column or a misplaced quote ends the input with an error that names the line', async () => {
  await assert.rejects(
    take('a.csv', 'a,b\n1,2\n'),
    /:1: the column "id" for the key does not exist; the columns are: a, b$/,
  )
  await assert.rejects(take('a.csv', 'id;b\n1;2\n'), /the columns are: id;b; .* --delimiter ';'$/)
  await assert.rejects(
    take('a.csv', 'id,b\n1,2\n3,"x"y\n4,5\n'),
    /a\.csv:3: expected the end of the cell after a closing quote.*the next row cannot be found; .*--quote none$/,
  )
  await assert.rejects(
    take('a.csv', 'id,b\n1,"x\n'),
    /a\.csv:2: a quoted cell that starts in this row has no closing quote/,
  )
})

test('input: detects gzip and zstd by their bytes, including concatenated gzip', async () => {
  const text = '{"id":1}\n{"id":2}\n'
  const parts = Buffer.concat([gzipSync(text), gzipSync('{"id":3}\n')])
  assert.deepEqual(
    (await take('a.ndjson', parts)).rows.map(({ key }) => key),
    [1, 2, 3],
  )
  const { zstdCompressSync } = zlib as { zstdCompressSync?: (data: string) => Buffer }
  if (zstdCompressSync !== undefined)
    assert.equal((await take('a.ndjson.zst', zstdCompressSync(text))).rows.length, 2)
  else
    await assert.rejects(
      take('a.ndjson.zst', Buffer.from('28b52ffd00', 'hex')),
      /zstd needs Node 22\.15/,
    )
})

test('input: errors name damaged and missing files', async () => {
  await assert.rejects(
    take('a.ndjson', gzipSync('{"id":1}\n').subarray(0, 15)),
    /a\.ndjson: the compressed data is damaged/,
  )
  const options = { paths: [join(folder, 'none.ndjson')] } as unknown as RowSourceOptions
  assert.throws(() => openRowSource(options), /cannot read .*none\.ndjson: ENOENT/)
  await assert.rejects(take('a.xyz', 'x'), /has no known extension; pass --from/)
})

test('csv: columns of an expression are converted to its types', async () => {
  const context = new Map([
    ['region', 'string'],
    ['n', 'int'],
  ])
  const { rows, bad } = await take('c.csv', 'id,region,n\n1,eu,123456789012345678\n2,us,x\n', {
    contextColumns: context,
  })
  assert.equal(rows.length, 1)
  assert.match(bad[0]!, /^3: the column "n" must be int for the expression, got "x"/)
})

test('csv: each line may have another line end, and a quoted row counts all its lines', async () => {
  const text = 'id,v\n1,a\r\n2,"b\r\nc"\r\n\r\n3,d\n4,x,y\r\n5,e'
  const { rows, bad, lines } = await take('a.csv', text, { value: 'v' })
  assert.deepEqual(
    rows.map(({ key, value, line }) => [key, value, line]),
    [
      [1, 'a', 2],
      [2, 'b\r\nc', 3],
      [3, 'd', 6],
      [5, 'e', 8],
    ],
  )
  assert.deepEqual(bad, ['7: expected 2 columns, got 3 <4,x,y>'])
  assert.deepEqual(
    [lines.read, lines.accepted, lines.ignored, lines.skipped],
    [8, 5, 2, 1],
    'the header and the empty line are ignored',
  )
})

test('csv: rejects rows with a stray carriage return, and files with one in the header', async () => {
  const { rows, bad } = await take('a.csv', 'id,v\n1,a\r\r\n2,b\n', { value: 'v' })
  assert.equal(rows.length, 1)
  assert.match(bad[0]!, /^2: a carriage return \(CR\) must be inside quotes or part of a line end/)
  await assert.rejects(
    take('a.csv', 'id,v\r1,a\r2,b\r'),
    /:1: lines must end with LF or CRLF, got CR/,
  )
})

test('csv: quotes are data in TSV and with --quote none', async () => {
  const tsv = await take('a.tsv', 'id\tv\n1\t"a\n2\tb"\n3\t"c"\n', { value: 'v' })
  assert.deepEqual(
    tsv.rows.map(({ value }) => value),
    ['"a', 'b"', '"c"'],
  )
  const none = await take('a.csv', 'id,v\n1,5" pipe\n', { value: 'v', csv: { quote: 'none' } })
  assert.equal(none.rows[0]!.value, '5" pipe')
  const odd = await take('a.csv', "id;;v\n1;;'a;;''b'\n", {
    value: 'v',
    csv: { quote: "'", delimiter: ';;' },
  })
  assert.equal(odd.rows[0]!.value, "a;;'b")
})

test('csv: rejects only the rows that are not UTF-8', async () => {
  const text = Buffer.concat([
    Buffer.from('id,v\n1,a\n2,"b\n'),
    Buffer.from([0xe9]),
    Buffer.from('"\n3,\uFFFD\n'),
  ])
  const { rows, bad } = await take('a.csv', text, { value: 'v' })
  assert.deepEqual(
    rows.map(({ key, value }) => [key, value]),
    [
      [1, 'a'],
      [3, '\uFFFD'],
    ],
  )
  assert.match(bad[0]!, /^3: it is not UTF-8; .* iconv/)
})

test('json: an array over any number of lines yields its objects, each on one line', async () => {
  const text =
    '[\n  {\n    "id": 1,\n    "v": "a b",\n    "n": 1.50\n  },\n  {"id": 2}, {"no": 3},\n\n  7\n]\n'
  for (const name of ['a.json', 'a.ndjson']) {
    const { rows, bad, lines } = await take(name, text)
    assert.deepEqual(rows, [
      { key: 1, value: '{"id":1,"v":"a b","n":1.50}', line: 2 },
      { key: 2, value: '{"id": 2}', line: 7 },
    ])
    assert.match(bad[0]!, /^7: the column "id" for the key does not exist; the columns are: no </)
    assert.match(bad[1]!, /^9: expected a JSON object, got 7 <7>/)
    assert.deepEqual([lines.read, lines.accepted, lines.ignored, lines.skipped], [10, 6, 3, 1])
  }
})

test('json: reads consecutive objects on or across lines, and empty input', async () => {
  const keys = async (name: string, text: string) =>
    (await take(name, text)).rows.map(({ key }) => key)
  assert.deepEqual(await keys('a.json', '{\n"id": 1\n}\n{\n"id": 2}{"id":3}\n'), [1, 2, 3])
  assert.deepEqual(await keys('a.json', '{"id":1}\n{"id":2}\n'), [1, 2])
  assert.deepEqual(await keys('a.json', ' \n [ ] \n'), [])
  assert.deepEqual(await keys('a.json', ''), [])
  assert.match((await take('a.ndjson', '{\n"id": 1\n}\n')).bad[0]!, /pass --from json/)
})

test('json: unbalanced brackets, commas and quotes end the input with an error that names the line', async () => {
  const broken: [string, RegExp][] = [
    ['[{"id":1}\n{"id":2}]', /:2: rows of an array must be separated by commas/],
    ['[{"id":1},\n', /:2: the array has no closing bracket/],
    ['[\n{"id":1', /:2: the row that starts here is incomplete/],
    ['[{"id":[1}]', /:1: } does not match an opening bracket/],
    ['[{"id":"1\n"}]', /:1: a string has no closing quote in its line/],
    ['[1,]', /:1: expected a row, got \]/],
    ['[]\n{"id":1}', /:2: expected the end of the input after the array, got more text/],
  ]
  for (const [text, reason] of broken)
    await assert.rejects(take('a.json', text, { keyEncoding: 'utf8' }), reason, text)
})

test('input: removes byte order marks, decodes UTF-16 with one, and rejects other encodings', async () => {
  const text = 'id,v\r\n1,aé\u{1F600}\r\n'
  const little = Buffer.from(`\uFEFF${text}`, 'utf16le')
  const big = Buffer.from(little).swap16()
  for (const content of [text, `\uFEFF${text}`, little, big]) {
    const { rows } = await take('a.csv', content, { value: 'v' })
    assert.deepEqual([rows[0]!.key, rows[0]!.value], [1, 'aé\u{1F600}'])
  }
  await assert.rejects(take('a.csv', little.subarray(2)), /UTF-16LE without a byte order mark/)
  await assert.rejects(take('a.csv', big.subarray(2)), /UTF-16BE without a byte order mark/)
  await assert.rejects(take('a.csv', Buffer.from([0xff, 0xfe, 0, 0, 65, 0, 0, 0])), /UTF-32/)
  const cut = Buffer.concat([little, Buffer.from([0, 0xd8])])
  await assert.rejects(take('a.csv', cut, { value: 'v' }), /but is not valid UTF-16/)
  const joined = await take('a.ndjson', '\uFEFF{"id":1}\n\uFEFF{"id":2}\n')
  assert.deepEqual(
    joined.rows.map(({ value }) => value),
    ['{"id":1}', '{"id":2}'],
  )
  const joinedCsv = await take('a.csv', '\uFEFFid,v\n1,a\n\uFEFFid,v\n', { keyEncoding: 'utf8' })
  assert.match(joinedCsv.bad[0]!, /^3: the row starts with a byte order mark/)
})

test('input: rejects too many columns and too deep nesting with the limit', async () => {
  const wide = `id${',c'.repeat(100_000)}`
  await assert.rejects(take('a.csv', `${wide}\n`), /:1: a row must have at most 100,000 columns/)
  const row = await take('a.csv', `id,v\n1${','.repeat(1_000_000)}\n2,b\n`)
  assert.match(row.bad[0]!, /^2: expected 2 columns, got more than 100,000/)
  assert.equal(row.rows.length, 1)
  const deep = `{"id":1,"v":${'['.repeat(100_000)}${']'.repeat(100_000)}}`
  const { rows, bad } = await take('a.ndjson', `${deep}\n{"id":2}\n`)
  assert.deepEqual(
    [rows.length, bad[0]!.slice(0, 45)],
    [1, '1: a row must be nested at most 1000 levels d'],
  )
  await assert.rejects(
    take('a.json', `[\n${deep}]`),
    /:2: a row must be nested at most 1000 levels deep/,
  )
})

test('ndjson: accepts a row of more than 1 MiB', async () => {
  const body = 'x\\"'.repeat(600_000)
  const text = `{"body":"${body}","id":12345678901234567,"v":{"a": [1.50]}}\n{"id":"\n${body}"}\n`
  const { rows, bad } = await take('a.ndjson', text, { value: 'v', valueAs: 'json' })
  assert.deepEqual([rows[0]!.key, rows[0]!.value], [12345678901234567n, '{"a": [1.50]}'])
  assert.match(bad[0]!, /^2: it is not JSON: /)
  const missing = await take('a.ndjson', `{"body":"${body}"}\n`)
  assert.match(missing.bad[0]!, /the column "id" for the key does not exist; the columns are: body/)
})

test('keys: a key of millions of digits is out of range quickly; leading zeros are allowed', async () => {
  const zeros = '0'.repeat(100_000)
  const text = `{"id":"${'9'.repeat(5_000_000)}"}\n{"id":"${zeros}7"}\n`
  const { rows, bad } = await take('a.ndjson', text, { value: 'id' })
  assert.deepEqual(
    rows.map(({ key }) => key),
    [7n],
  )
  assert.match(
    bad[0]!,
    /^1: the key "id" must be in the range 0 to 9223372036854775807, got 9{30} </,
  )
})

test('ndjson: random rows round-trip with any line ends, white space and encoding', async () => {
  const end = fc.constantFrom('\n', '\r\n', '\n\n', ' \r\n\t\n')
  const line = fc.tuple(
    fc.record({ id: fc.maxSafeNat(), v: fc.jsonValue({ maxDepth: 2 }), '\u2028': fc.string() }),
    end,
  )
  const encoding = fc.constantFrom('utf8', 'marked', 'utf16le', 'utf16be', 'gzip')
  await fc.assert(
    fc.asyncProperty(
      fc.array(line, { maxLength: 12 }),
      fc.boolean(),
      encoding,
      async (table, ends, as) => {
        const joined = table.map(([row, after]) => JSON.stringify(row) + after).join('')
        const text = ends ? joined : joined.trimEnd()
        const { rows, bad, lines } = await take('a.ndjson', encoded(text, as))
        assert.deepEqual(bad, [])
        assert.deepEqual(
          rows.map(({ key, value }) => [Number(key), value]),
          table.map(([row]) => [row.id, JSON.stringify(row)]),
        )
        assert.equal(lines.accepted, table.length)
        const feeds = text.split('\n').length - 1
        assert.equal(lines.read, feeds + (text === '' || text.endsWith('\n') ? 0 : 1))
      },
    ),
    { numRuns: soak(200, 1500) },
  )
})

function encoded(text: string, as: string): Uint8Array {
  const marked = Buffer.from(`\uFEFF${text}`, 'utf16le')
  switch (as) {
    case 'marked':
      return Buffer.from(`\uFEFF${text}`)
    case 'utf16le':
      return marked
    case 'utf16be':
      return marked.swap16()
    case 'gzip':
      return gzipSync(text)
    default:
      return Buffer.from(text)
  }
}

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { soak } from '@shardyfusion/test-support/soak'
import { CsvParser } from '#dist/input/csv-parser.js'
import { JsonValues } from '#dist/input/json-values.js'
import { unescapeQuotes } from '#dist/input/unescape-quotes.js'

const runs = soak(1000, 5000)

/** Text that is hard to parse: delimiters, quotes, all line ends, combining marks, wide characters. */
const oddText = fc
  .array(
    fc.constantFrom(
      'a',
      'é',
      '漢',
      '😀',
      '"',
      "'",
      ',',
      '\t',
      ';',
      '\n',
      '\r\n',
      '\r',
      ' ',
      '\u2028',
      '\u0085',
      '\0',
    ),
    { maxLength: 8 },
  )
  .map((parts) => parts.join(''))
const lineEnd = fc.constantFrom('\n', '\r\n')

interface Table {
  readonly text: string
  readonly rows: readonly (readonly string[])[]
}

/** A table and its text. Cells are quoted if needed, and sometimes if not; each line has a random line end. */
function csvTable(delimiter: string, quote: string | undefined): fc.Arbitrary<Table> {
  const cell = quote === undefined ? oddText.map((text) => withoutMarks(text, delimiter)) : oddText
  const record = fc.tuple(
    fc.array(fc.tuple(cell, fc.boolean()), { minLength: 1, maxLength: 5 }),
    lineEnd,
    fc.array(lineEnd, { maxLength: 1 }),
  )
  return fc
    .tuple(fc.array(record, { maxLength: 8 }), fc.boolean())
    .map(([records, endsWithLine]) => {
      // A row of one empty unquoted cell is an empty line.
      const kept = records.filter(
        ([cells]) => quote !== undefined || cells.length > 1 || cells[0]![0] !== '',
      )
      const lines = kept.map(([cells, end, blank]) => {
        const written = cells.map(([text, inQuotes]) =>
          writtenCell(text, inQuotes || cells.length === 1),
        )
        return written.join(delimiter) + end + blank.join('')
      })
      const text = lines.join('')
      const cut = endsWithLine ? text : text.replace(/(?:\r?\n){1,2}$/, '')
      return { text: cut, rows: kept.map(([cells]) => cells.map(([value]) => value)) }
    })

  function writtenCell(text: string, inQuotes: boolean): string {
    if (quote === undefined) return text
    const needs =
      inQuotes || text.includes(delimiter[0]!) || text.includes(quote) || /[\r\n]/.test(text)
    return needs ? quote + text.replaceAll(quote, quote + quote) + quote : text
  }
}

function withoutMarks(text: string, delimiter: string): string {
  return text.replaceAll(delimiter, '').replaceAll(/[\r\n]/g, '')
}

/** Chunks as `wholeLines` yields them: cut after line feeds. */
function pieces(text: string, cuts: readonly boolean[]): string[] {
  const found: string[] = []
  let start = 0
  let feeds = 0
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) {
    if (!cuts[feeds++ % cuts.length]!) continue
    found.push(text.slice(start, at + 1))
    start = at + 1
  }
  return [...found, text.slice(start)].filter((piece) => piece !== '')
}

for (const [name, delimiter, quote] of [
  ['csv', ',', '"'],
  ['csv with odd marks', ';;', "'"],
  ['tsv', '\t', undefined],
] as const) {
  test(`${name}: a random table round-trips, and all its lines are counted`, () => {
    fc.assert(
      fc.property(
        csvTable(delimiter, quote),
        fc.array(fc.boolean(), { minLength: 1, maxLength: 7 }),
        ({ text, rows }, cuts) => {
          const parser = new CsvParser({ delimiter, quote })
          const records = pieces(text, cuts).flatMap((piece) => parser.write(piece))
          parser.end()
          assert.deepEqual(
            records.map(({ cells }) => cells),
            rows,
          )
          const lines = text.split('\n').length - (text === '' || text.endsWith('\n') ? 1 : 0)
          const counted = records.reduce((sum, record) => sum + record.lines, 0)
          assert.equal(counted + parser.blankLines, lines)
          for (const record of records)
            assert.ok(
              text
                .split('\n')
                .slice(record.line - 1)
                .join('\n')
                .startsWith(record.text),
            )
        },
      ),
      { numRuns: runs },
    )
  })
}

test('json: random values round-trip with any layout and any chunks', () => {
  const layout = fc.constantFrom(undefined, 0, 2, '\t')
  fc.assert(
    fc.property(
      fc.array(fc.dictionary(fc.string({ unit: 'binary' }), fc.jsonValue({ maxDepth: 3 }))),
      layout,
      fc.boolean(),
      fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 5 }),
      (rows, indent, isArray, sizes) => {
        const text = isArray
          ? JSON.stringify(rows, undefined, indent)
          : rows.map((row) => JSON.stringify(row, undefined, indent)).join('\n')
        const bytes = Buffer.from(text)
        const values = new JsonValues()
        const found = []
        for (let at = 0, i = 0; at < bytes.length; i++) {
          const end = at + sizes[i % sizes.length]!
          found.push(...values.write(bytes.subarray(at, end)))
          at = end
        }
        assert.equal(values.end(), undefined)
        assert.deepEqual(
          found.map((value) => JSON.parse(value.bytes.toString()) as unknown),
          JSON.parse(JSON.stringify(rows)),
        )
      },
    ),
    { numRuns: runs },
  )
})

test('unescapeQuotes: slices give the same result as one replacement', () => {
  const part = fc.constantFrom('""', 'x', '😀', '""""', 'y'.repeat(32_767), '""'.repeat(20_000))
  fc.assert(
    fc.property(fc.array(part, { maxLength: 12 }), (parts) => {
      const raw = parts.join('')
      assert.equal(unescapeQuotes(raw, '"'), raw.replaceAll('""', '"'))
    }),
    { numRuns: 200 },
  )
})

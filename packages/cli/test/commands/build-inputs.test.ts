import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { appendFileSync, createWriteStream } from 'node:fs'
import { createGzip } from 'node:zlib'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { Readable } from 'node:stream'
import { test } from 'node:test'
import { IS_SOAK } from '@shardyfusion/test-support/soak'
import { countRows, requireSameLines } from '#dist/build/count-rows.js'
import { ndjson, shardy } from '../support/shardy.js'
import { emptyPlace, fileIn, type TestSnapshot } from '../support/snapshot.js'

const MIB = 1024 * 1024

async function build(place: TestSnapshot, args: readonly string[], stdin?: string) {
  return shardy(
    ['build', '-p', place.prefix, '-k', 'id', '--shards', '1', '--no-progress', ...args],
    { cwd: place.folder, ...(stdin !== undefined && { stdin }) },
  )
}

test('build: prints the lines read, accepted, ignored and skipped, as text and as JSON', async () => {
  const place = emptyPlace()
  const rows = fileIn(place, 'rows.csv', 'id,v\n1,a\r\n\nx,b\r\n3,"c\n"\n')
  const args = [rows, '--on-error', 'skip']
  const text = await build(place, args)
  assert.match(text.stdout, /^lines {6}6 = 3 accepted \+ 2 ignored \+ 1 skipped$/m)
  const json = await build(place, [...args, '--ndjson'])
  const [published] = ndjson(json.stdout)
  assert.deepEqual(published!['lines'], { read: 6, accepted: 3, ignored: 2, skipped: 1 })
})

test('build: counts the rows of a JSON array, and reads one from stdin', async () => {
  const place = emptyPlace()
  const array = JSON.stringify(Array.from({ length: 40 }, (_, id) => ({ id })))
  const rows = fileIn(place, 'rows.json', array)
  const counted = await shardy([
    'build',
    rows,
    '-p',
    place.prefix,
    '-k',
    'id',
    '--max-keys-per-shard',
    '10',
    '--no-progress',
  ])
  assert.match(counted.stdout, /^rows {7}40\nlines {6}1\nshards {5}4$/m, counted.stderr)
  const piped = await build(place, [], JSON.stringify([{ id: 7, v: 1 }], undefined, 2))
  assert.match(piped.stdout, /^lines {6}6 = 4 accepted \+ 2 ignored$/m, piped.stderr)
  assert.equal((await shardy(['get', '-p', place.prefix, '7'])).stdout, '{"id":7,"v":1}\n')
})

test('build: rejects CSV options for other formats, and ambiguous delimiters and quotes', async () => {
  const place = emptyPlace()
  const wrong: [string[], RegExp][] = [
    [['--from', 'ndjson', '--quote', "'"], /--quote needs --from csv or tsv, got --from ndjson/],
    [['--from', 'csv', '--quote', 'ab'], /--quote must be one character, .* or none; got "ab"/],
    [['--from', 'csv', '--delimiter', '\n'], /--delimiter must be 1 to 8 characters/],
    [['--from', 'csv', '--delimiter', ';', '--quote', ';'], /must differ, got ";"/],
  ]
  for (const [args, message] of wrong) {
    const failed = await build(place, args)
    assert.equal(failed.code, 2, failed.stderr)
    assert.match(failed.stderr, message)
  }
  const tabs = await build(place, ['--from', 'csv', '--delimiter', 'tab'], 'id\tv\n1\t"a"\n')
  assert.equal(tabs.code, 0, tabs.stderr)
})

test(
  'build: a pipe is not counted first, and not read twice',
  { skip: process.platform === 'win32' && 'there are no named pipes' },
  async () => {
    const place = emptyPlace()
    const pipe = join(place.folder, 'pipe.ndjson')
    execFileSync('mkfifo', [pipe])
    const counted = await shardy([
      'build',
      pipe,
      '-p',
      place.prefix,
      '-k',
      'id',
      '--max-keys-per-shard',
      '5',
    ])
    assert.equal(counted.code, 2)
    assert.match(
      counted.stderr,
      /pipe\.ndjson is a pipe, which can be read only once; pass --expected-rows/,
    )
    for (const twice of [pipe, '-']) {
      const failed = await build(place, [twice, twice])
      assert.equal(failed.code, 2)
      assert.match(failed.stderr, /can be read only once, got it twice/)
    }
  },
)

test('countRows: a second pass with a different number of lines is an error', async () => {
  const place = emptyPlace()
  const path = fileIn(place, 'rows.ndjson', '{"id":1}\n{"id":2}\n')
  const counted = await countRows([path], 'auto')
  assert.deepEqual(counted, { rows: 2, lines: 2 })
  assert.throws(() => requireSameLines(counted, 0), /expected 2 lines, got 0/)
  appendFileSync(path, '{"id":3}\n')
  assert.equal((await countRows([path], 'auto')).lines, 3)
})

/** Runs a build in a child process. Returns its stderr and its peak resident memory in MiB. */
async function measured(place: TestSnapshot, file: string) {
  // The child writes its peak when it exits.
  const hook = `process.on('exit', () => process._rawDebug('peak ' + process.resourceUsage().maxRSS))`
  const ran = await shardy(
    ['build', file, '-p', place.prefix, '-k', 'id', '--shards', '1', '--no-progress'],
    { env: { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(hook)}` } },
  )
  const peak = /^peak (\d{1,12})$/m.exec(ran.stderr)?.[1]
  return { ...ran, peakMib: Number(peak) / 1024 }
}

/** A file with `count` copies of a text, compressed if the name ends with .gz. */
async function large(place: TestSnapshot, name: string, parts: Iterable<string>): Promise<string> {
  const path = join(place.folder, name)
  const out = createWriteStream(path)
  if (name.endsWith('.gz')) await pipeline(Readable.from(parts), createGzip({ level: 1 }), out)
  else await pipeline(Readable.from(parts), out)
  return path
}

function* repeated(first: string, part: string, times: number): Generator<string> {
  yield first
  for (let i = 0; i < times; i++) yield part
}

const block = 'x'.repeat(MIB)
const hostile: [name: string, file: string, parts: () => Iterable<string>, message: RegExp][] = [
  [
    'a line of 100 MB',
    'long.ndjson',
    () => repeated('{"id":1}\n{"id":2,"v":"', block, 96),
    /long\.ndjson:2: a line must have at most 94,371,840 bytes \(90 MiB\), got more/,
  ],
  [
    'a quote that is not closed for 100 MB',
    'quote.csv',
    () => repeated('id,v\n1,a\n2,"', `${block}\n`, 96),
    /quote\.csv:3: a row must have at most 94,371,840 bytes \(90 MiB\), .* a quoted cell has no closing quote/,
  ],
  [
    'a gzip bomb without a line end',
    'bomb.csv.gz',
    () => repeated('id,v\n1,', block, 1024),
    /bomb\.csv\.gz:2: a line must have at most 94,371,840 bytes/,
  ],
  [
    'a row of 100 MB in a JSON array',
    'array.json',
    () => repeated('[\n{"id":1},\n{"id":2,"v":"', block, 96),
    /array\.json:3: a row must have at most 94,371,840 bytes/,
  ],
  [
    'brackets that open 10,000,000 times',
    'deep.json',
    () => repeated('[{"id":1,"v":', '['.repeat(MIB), 10),
    /deep\.json:1: a row must be nested at most 1000 levels deep/,
  ],
  [
    'a line of 60 MB of brackets',
    'deep.ndjson',
    () => repeated('{"id":1,"v":', '['.repeat(MIB), 60),
    /deep\.ndjson:1: it is not JSON: it is nested more than 1,000 levels deep/,
  ],
  [
    'a header of 20,000,000 columns',
    'wide.csv',
    () => repeated('id', ',x'.repeat(MIB), 20),
    /wide\.csv:1: a row must have at most 100,000 columns, got more/,
  ],
]

for (const [name, file, parts, message] of hostile) {
  test(`build: ${name} is an error that names line and limit, in bounded memory`, async () => {
    const place = emptyPlace()
    const { code, stderr, peakMib } = await measured(place, await large(place, file, parts()))
    assert.equal(code, 3, stderr)
    assert.match(stderr, message)
    assert.ok(peakMib < 800, `${peakMib} MiB`)
  })
}

test('build: a value of 64 MiB round-trips', async () => {
  const place = emptyPlace()
  const bytes = 64 * MIB
  const text = 'x'.repeat(bytes)
  const encoded = Buffer.alloc(bytes, 'x').toString('base64')
  const forms: [string, string, string][] = [
    ['text', 'rows.csv', `id,v\n1,"${text}"\n`],
    ['base64', 'rows.ndjson', `{"id":1,"v":"${encoded}"}\n`],
  ]
  // The short form only runs the longer line.
  const tried = IS_SOAK ? forms : forms.slice(1)
  for (const [as, name, content] of tried) {
    const built = await build(place, [
      fileIn(place, name, content),
      '--value',
      'v',
      '--value-as',
      as,
    ])
    assert.equal(built.code, 0, built.stderr.slice(0, 400))
    const got = await shardy(['get', '-p', place.prefix, '1'])
    assert.equal(got.stdout.length, bytes + 1, got.stderr.slice(0, 400))
    assert.ok(got.stdout === `${text}\n`)
  }
})

import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { once } from 'node:events'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { SnapshotReader } from '@shardyfusion/core'
import { ndjson, shardy, startShardy } from '../support/shardy.js'
import { emptyPlace, fileIn, publishedPlace, type TestSnapshot } from '../support/snapshot.js'

function lines(count: number): string {
  return Array.from({ length: count }, (_, id) => `{"id":${id},"name":"n${id}"}\n`).join('')
}

/** All values as text, by key. */
async function contents({ prefix }: TestSnapshot): Promise<Map<unknown, string>> {
  const reader = await SnapshotReader.open({ prefix, keys: 'decoded', values: 'utf8' })
  try {
    const all = new Map<unknown, string>()
    for await (const [key, value] of reader.scanIter()) all.set(key, value)
    return all
  } finally {
    await reader.close()
  }
}

async function nothingPublished(place: TestSnapshot): Promise<void> {
  await assert.rejects(SnapshotReader.open({ prefix: place.prefix }), { code: 'SHARD_NOT_FOUND' })
}

test('build and get: run the commands of the README of this project', async () => {
  const place = emptyPlace()
  const rows = fileIn(place, 'rows.ndjson', lines(5000))
  const built = await shardy([
    'build',
    rows,
    '--prefix',
    place.prefix,
    '--key',
    'id',
    '--shards',
    '4',
  ])
  assert.equal(built.code, 0, built.stderr)
  assert.match(
    built.stdout,
    /^published {2}[0-9a-f]{32}\nrows {7}5,000\nlines {6}5,000\nshards {5}4\nsize /,
  )
  assert.match(built.stderr, /published: 5,000 rows/)
  const got = await shardy(['get', '--prefix', place.prefix, '4999'])
  assert.deepEqual([got.code, got.stdout], [0, '{"id":4999,"name":"n4999"}\n'])
  const all = await contents(place)
  assert.deepEqual([all.size, all.get(17n)], [5000, '{"id":17,"name":"n17"}'])
})

test('build: worker threads build the same snapshot', async () => {
  const place = emptyPlace()
  const args = ['build', '--prefix', place.prefix, '--key', 'id', '--no-progress']
  const built = await shardy([...args, '--workers', '2'], { stdin: lines(3000) })
  assert.equal(built.code, 0, built.stderr)
  const all = await contents(place)
  assert.deepEqual([all.size, all.get(2999n)], [3000, '{"id":2999,"name":"n2999"}'])
  const wrong = await shardy([...args, '--workers', 'many'], { stdin: lines(1) })
  assert.equal(wrong.code, 2)
  assert.match(wrong.stderr, /--workers must be an integer of 1 or more \(threads\), or auto/)
})

test('build: reads stdin, gzip and several files', async () => {
  const place = emptyPlace()
  const args = ['build', '--prefix', place.prefix, '--key', 'id', '--json', '--no-progress']
  const piped = await shardy(args, { stdin: gzipSync(lines(10)) })
  assert.equal(piped.code, 0, piped.stderr)
  assert.equal(piped.stderr, '')
  const { rowCount, shards, badRows } = JSON.parse(piped.stdout) as Record<string, unknown>
  assert.deepEqual([rowCount, shards, badRows], [10, 8, 0])
  const a = fileIn(place, 'a.csv', 'id,name\n1,a\n2,b\n')
  const b = fileIn(place, 'b.ndjson', '{"id":2,"name":"later"}\n{"id":3}\n')
  assert.equal((await shardy([...args, a, b])).code, 0)
  assert.deepEqual(
    await contents(place),
    new Map([
      [1n, '{"id":"1","name":"a"}'],
      [2n, '{"id":2,"name":"later"}'],
      [3n, '{"id":3}'],
    ]),
  )
})

test('build: an invalid row is an error that names file, line and reason, and publishes nothing', async () => {
  const place = emptyPlace()
  const rows = fileIn(place, 'rows.ndjson', `${lines(2000)}{"id":x}\n${lines(10)}`)
  const failed = await shardy([
    'build',
    rows,
    '--prefix',
    place.prefix,
    '--key',
    'id',
    '--no-progress',
  ])
  assert.equal(failed.code, 3)
  assert.equal(failed.stdout, '')
  assert.match(
    failed.stderr,
    /^Nothing was published\.\nshardy: .*rows\.ndjson:2001: it is not JSON: /,
  )
  await nothingPublished(place)
  // The failed build left no data.
  const shards = join(place.folder, 'snap/shards')
  assert.deepEqual(existsSync(shards) ? readdirSync(shards) : [], [])
})

test('build: a failure keeps the previous snapshot', async () => {
  const place = await publishedPlace(['before', 20])
  const failed = await shardy(['build', '--prefix', place.prefix, '--key', 'id'], {
    stdin: '{"id":1}\nnot json\n',
  })
  assert.equal(failed.code, 3)
  assert.match(failed.stderr, /stdin:2: it is not JSON/)
  assert.equal((await contents(place)).get(5n), '{"id":5,"name":"before-5"}')
})

test('build: --on-error skip publishes the valid rows and reports the invalid ones', async () => {
  const place = emptyPlace()
  const rows = fileIn(
    place,
    'rows.ndjson',
    ['{"id":1}', 'x', '{"id":2}', '{"no":1}', '{"id":-3}'].join('\n'),
  )
  const args = [
    'build',
    rows,
    '--prefix',
    place.prefix,
    '--key',
    'id',
    '--on-error',
    'skip',
    '--no-progress',
  ]
  const built = await shardy(args)
  assert.equal(built.code, 0, built.stderr)
  assert.match(built.stdout, /\nrows +2\nbad rows +3\n/)
  assert.match(
    built.stderr,
    /skipped .*rows\.ndjson:2: it is not JSON.*\nskipped .*:4: the column "id" .*\nskipped .*:5: /,
  )
  assert.deepEqual([...(await contents(place)).keys()], [1n, 2n])
  const limited = await shardy([...args, '--max-errors', '1'])
  assert.equal(limited.code, 3)
  assert.match(
    limited.stderr,
    /rows\.ndjson:4: .* more rows are invalid than --max-errors 1 allows/,
  )
})

test('build: --on-error reject-file writes invalid rows with position and reason', async () => {
  const place = emptyPlace()
  const rows = fileIn(place, 'rows.csv', 'id,name\n1,a\nx,"b, c"\n3,c\n4\n')
  const rejects = join(place.folder, 'bad.ndjson')
  const built = await shardy([
    'build',
    rows,
    '--prefix',
    place.prefix,
    '--key',
    'id',
    '--on-error',
    'reject-file',
    '--reject-file',
    rejects,
    '--no-progress',
  ])
  assert.equal(built.code, 0, built.stderr)
  const rejected = ndjson(readFileSync(rejects, 'utf8'))
  assert.deepEqual(
    rejected.map(({ file, line, row }) => [file, line, row]),
    [
      [rows, 3, 'x,"b, c"'],
      [rows, 5, '4'],
    ],
  )
  assert.deepEqual([...(await contents(place)).keys()], [1n, 3n])
})

test('build: shards by size and by an expression over columns', async () => {
  const place = emptyPlace()
  const rows = fileIn(place, 'rows.csv', 'id,region\n1,eu\n2,us\n3,eu\n4,ap\n')
  const build = (...args: string[]) =>
    shardy([
      'build',
      rows,
      '--prefix',
      place.prefix,
      '--key',
      'id',
      '--ndjson',
      '--no-progress',
      ...args,
    ])
  const { stdout: help } = await shardy(['build', '--help'])
  const promised = /number of shards \(default: (\d+)\)/.exec(help)?.[1]
  const plain = await build()
  assert.equal(String(ndjson(plain.stdout)[0]!['shards']), promised, plain.stderr)
  const sized = await build('--max-keys-per-shard', '2')
  assert.equal(ndjson(sized.stdout)[0]!['shards'], 3, sized.stderr)
  const byRegion = await build(
    '--cel',
    'region',
    '--cel-column',
    'region:string',
    '--cel-value',
    'eu',
    '--cel-value',
    'us',
    '--cel-value',
    'ap',
  )
  assert.equal(byRegion.code, 0, byRegion.stderr)
  const routed = await shardy(['route', '-p', place.prefix, '3', '--context', 'region=us'])
  assert.equal(ndjson(routed.stdout)[0]!['shard'], 1)
  const got = await shardy(['get', '-p', place.prefix, '3', '--context', 'region=eu'])
  assert.deepEqual([got.code, got.stdout], [0, '{"id":"3","region":"eu"}\n'])
  const unknown = await build(
    '--cel',
    'region',
    '--cel-column',
    'region:string',
    '--cel-value',
    'eu',
    '--cel-value',
    'us',
  )
  assert.equal(unknown.code, 3)
  assert.match(unknown.stderr, /rows\.csv:5: .*ap\\"/)
})

test('build: --cel-infer creates one shard per result of the expression, in order of the results', async () => {
  const place = emptyPlace()
  const rows = fileIn(place, 'rows.csv', 'id,region\n1,us\n2,eu\n3,ap\n4,us\n')
  const base = ['build', rows, '-p', place.prefix, '-k', 'id', '--ndjson', '--no-progress']
  const cel = ['--cel', 'region', '--cel-column', 'region:string', '--cel-infer']
  const build = (...args: string[]) => shardy([...base, ...cel, ...args])
  const conflict = await build('--cel-value', 'eu')
  assert.equal(conflict.code, 2)
  assert.match(conflict.stderr, /--cel-infer conflicts with --cel-value and --shards/)
  const built = await build()
  assert.equal(built.code, 0, built.stderr)
  const { rowCount, shards } = ndjson(built.stdout)[0]!
  assert.deepEqual([rowCount, shards], [4, 3])
  for (const [i, region] of ['ap', 'eu', 'us'].entries()) {
    const routed = await shardy(['route', '-p', place.prefix, '1', '--context', `region=${region}`])
    assert.equal(ndjson(routed.stdout)[0]!['shard'], i, region)
  }
  const got = await shardy(['get', '-p', place.prefix, '4', '--context', 'region=us'])
  assert.deepEqual([got.code, got.stdout], [0, '{"id":"4","region":"us"}\n'])
  const listed = ndjson((await shardy(['shards', '-p', place.prefix])).stdout)
  assert.deepEqual(
    listed.map((shard) => shard['rowCount']),
    [1, 1, 2],
  )
})

test('build: supports text and binary keys, a value column, and custom fields', async () => {
  const place = emptyPlace()
  const rows = fileIn(place, 'rows.ndjson', '{"k":"ä","v":"eins"}\n{"k":"b","v":"zwei"}\n')
  const built = await shardy([
    'build',
    rows,
    '-p',
    place.prefix,
    '-k',
    'k',
    '--value',
    'v',
    '--key-encoding',
    'utf8',
    '--custom',
    'source=crm',
    '--custom',
    'n=5',
    '--run-id',
    'monday',
    '--compression',
    'zstd',
    '--no-progress',
  ])
  assert.equal(built.code, 0, built.stderr)
  assert.deepEqual(
    [...(await contents(place))],
    [
      ['b', 'zwei'],
      ['ä', 'eins'],
    ],
  )
  const info = ndjson((await shardy(['info', '-p', place.prefix])).stdout)[0]!
  assert.deepEqual(
    [info['runId'], info['custom'], info['keyEncoding']],
    ['monday', { source: 'crm', n: 5 }, 'utf8'],
  )
  const raw = fileIn(place, 'raw.ndjson', '{"k":"00ff","v":"aGk="}\n')
  const again = await shardy([
    'build',
    raw,
    '-p',
    place.prefix,
    '-k',
    'k',
    '--value',
    'v',
    '--key-encoding',
    'raw',
    '--key-as',
    'hex',
    '--value-as',
    'base64',
    '--no-progress',
  ])
  assert.equal(again.code, 0, again.stderr)
  assert.equal((await shardy(['get', '-p', place.prefix, '00ff'])).stdout, 'hi\n')
})

test('build: input without rows is an error, except with --allow-empty', async () => {
  const place = emptyPlace()
  const args = ['build', '-p', place.prefix, '-k', 'id', '--no-progress']
  const failed = await shardy(args)
  assert.equal(failed.code, 3)
  assert.match(
    failed.stderr,
    /stdin: expected at least one row, got none; pass --allow-empty to publish an empty snapshot/,
  )
  assert.equal((await shardy([...args, '--allow-empty'])).code, 0)
  assert.equal((await contents(place)).size, 0)
})

const mistakes: [name: string, args: string[], message: RegExp][] = [
  ['no key', [], /--key must name the column that holds the key/],
  [
    'an unknown option',
    ['-k', 'id', '--shard', '3'],
    /unknown option '--shard'\n\(Did you mean --shards\?\)/,
  ],
  [
    'an invalid number',
    ['-k', 'id', '--shards', 'x'],
    /It must be an integer of 1 or more \(shards\)/,
  ],
  [
    'an invalid choice',
    ['-k', 'id', '--on-error', 'x'],
    /Allowed choices are fail, skip, reject-file/,
  ],
  ['two ways to shard', ['-k', 'id', '--shards', '3', '--max-keys-per-shard', '5'], /pass one of/],
  ['a column without type', ['-k', 'id', '--cel', 'a', '--cel-column', 'a'], /must be name:type/],
  ['options that need others', ['-k', 'id', '--reject-file', 'x'], /needs --on-error reject-file/],
  ['counting the rows of stdin', ['-k', 'id', '--max-keys-per-shard', '5'], /pass --expected-rows/],
  ['a pinned run', ['-k', 'id', '--run', 'x'], /--run is for commands that read/],
  [
    'an unknown file extension',
    ['-k', 'id', 'rows.dat'],
    /pass --from ndjson, json, csv, tsv, parquet or arrow/,
  ],
]

for (const [name, args, message] of mistakes) {
  test(`build: ${name} is a usage error`, async () => {
    const place = emptyPlace()
    fileIn(place, 'rows.dat', '')
    const failed = await shardy(['build', '-p', place.prefix, '--no-progress', ...args], {
      cwd: place.folder,
    })
    assert.equal(failed.code, 2, failed.stderr)
    assert.match(failed.stderr, message)
    assert.equal(failed.stdout, '')
  })
}

test('build: --resume continues a build that was killed', async (t) => {
  const place = emptyPlace()
  const rows = fileIn(place, 'rows.ndjson', lines(30_000))
  const args = ['build', rows, '-p', place.prefix, '-k', 'id']
  const child = startShardy(t, [...args, '--run-id', 'night', '--max-rows-per-second', '5000'])
  const shards = join(place.folder, 'snap/shards')
  while (!existsSync(shards)) await new Promise((resolve) => setTimeout(resolve, 20))
  child.kill('SIGKILL')
  await once(child, 'close')
  const runs = await shardy(['history', '--runs', '-p', place.prefix])
  assert.deepEqual(
    ndjson(runs.stdout).map(({ status, runId }) => [status, runId]),
    [['running', 'night']],
  )
  const both = await shardy([...args, '--resume', 'night', '--run-id', 'x'])
  assert.equal(both.code, 2)
  const resumed = await shardy([...args, '--resume', 'night', '--no-progress'])
  assert.equal(resumed.code, 0, resumed.stderr)
  assert.match(resumed.stdout, /^published {2}night\nrows {7}30,000\n/)
  assert.equal((await contents(place)).size, 30_000)
})

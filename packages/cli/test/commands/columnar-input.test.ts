import assert from 'node:assert/strict'
import { copyFileSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { shardy } from '../support/shardy.js'
import { emptyPlace } from '../support/snapshot.js'
import { tempFolder } from '@shardyfusion/test-support/temp-folder'

const GOLDEN = fileURLToPath(new URL('../../../input/test/golden/', import.meta.url))

async function output(args: readonly string[], stdin = ''): Promise<string> {
  const { code, stdout, stderr } = await shardy(args, { stdin })
  assert.equal(code, 0, stderr)
  return stdout
}

test('build: reads a Parquet file by its extension, with exact integers, decimals and dates', async () => {
  const { prefix } = emptyPlace()
  const file = join(GOLDEN, 'duckdb.parquet')
  const built = JSON.parse(
    await output(['build', file, '--prefix', prefix, '--key', 'id', '--shards', '2', '--json']),
  ) as { rows: number; lines: object }
  assert.deepEqual(built.lines, { read: 2, accepted: 2, ignored: 0, skipped: 0 })
  const first = await output(['get', '1', '--raw', '--prefix', prefix])
  assert.equal(
    first.trim(),
    '{"id":1,"name":"rope","dec":"12.30","ts":"2026-01-02T03:04:05.678901Z",' +
      '"ts_ns":"2026-01-02T03:04:05.678901234","day":"2026-01-02","list":[1,2],"map":{"x":1},' +
      '"struct":{"a":1,"b":"z"},"bin":"AP8=","huge":"340282366920938463463374607431768211455",' +
      '"uuid":"123e4567-e89b-12d3-a456-426614174000","json":"{\\"a\\": 9007199254740993}",' +
      '"time":"01:02:03.000004","u64":18446744073709551615}',
  )
  assert.match(
    await output(['get', '9007199254740993', '--raw', '--prefix', prefix]),
    /"dec":"-0\.05"/,
  )
})

test('build: takes one column as value, text and bytes as keys, and columns of an expression', async () => {
  const { prefix } = emptyPlace()
  const file = join(GOLDEN, 'spark-legacy.parquet')
  const args = ['build', file, '--prefix', prefix, '--key', 'dec', '--key-encoding', 'utf8']
  await output([
    ...args,
    '--value',
    'bin',
    '--cel',
    'id % 2',
    '--cel-column',
    'id:int',
    '--shards',
    '2',
  ])
  const got = await shardy([
    'get',
    '12.30',
    '--values',
    'hex',
    '--format',
    'ndjson',
    '--prefix',
    prefix,
    '--context',
    'id=1',
  ])
  assert.match(got.stdout, /"value":"00ff"/, got.stderr)
})

test('build: reads an Arrow file and an Arrow stream', async () => {
  for (const name of ['pyarrow.arrow', 'pyarrow.arrows']) {
    const { prefix } = emptyPlace()
    await output([
      'build',
      join(GOLDEN, name),
      '--prefix',
      prefix,
      '--key',
      'id',
      '--value',
      'name',
      '--max-keys-per-shard',
      '3',
    ])
    assert.match(await output(['get', '2', '--raw', '--prefix', prefix]), /naïve 日本/)
  }
})

test('build: rows of a columnar file that do not fit are named by number, skipped or collected', async () => {
  const folder = tempFolder()
  const file = join(folder, 'floats.parquet')
  copyFileSync(join(GOLDEN, 'pyarrow-snappy.parquet'), file)
  const { prefix } = emptyPlace()
  const args = ['build', file, '--prefix', prefix, '--key', 'id']
  const failed = await shardy(args)
  assert.equal(failed.code, 3)
  assert.match(
    failed.stderr,
    /floats\.parquet:3: NaN is not JSON; replace it by null, or choose a value column/,
  )
  const rejects = join(folder, 'rejects.ndjson')
  const result = await shardy([
    ...args,
    '--on-error',
    'reject-file',
    '--reject-file',
    rejects,
    '--json',
  ])
  assert.equal(result.code, 0, result.stderr)
  const { lines } = JSON.parse(result.stdout) as { lines: object }
  assert.deepEqual(lines, { read: 4, accepted: 3, ignored: 0, skipped: 1 })
  assert.match(readFileSync(rejects, 'utf8'), /NaN is not JSON/)
})

test('build: wrong columns, files and sources of columnar input have distinct errors', async () => {
  const { prefix } = emptyPlace()
  const file = join(GOLDEN, 'duckdb.parquet')
  const cases: [string[], RegExp, number][] = [
    [
      [file, '--key', 'nope', '--value', 'name'],
      /duckdb\.parquet has no column "nope"; its columns are: id, name/,
      3,
    ],
    [
      [file, '--key', 'nope'],
      /the column "nope" for the key does not exist; the columns are: id, name/,
      3,
    ],
    [
      ['--from', 'parquet', '--key', 'id'],
      /--from parquet needs a file, because it is read by range, got stdin/,
      2,
    ],
    [
      [join(GOLDEN, 'README.md'), '--from', 'parquet', '--key', 'id'],
      /does not start with PAR1/,
      3,
    ],
    [
      [file, '--key', 'id', '--delimiter', ';', '--from', 'parquet'],
      /--delimiter needs --from csv or tsv/,
      2,
    ],
  ]
  for (const [args, message, code] of cases) {
    const result = await shardy(['build', '--prefix', prefix, ...args])
    assert.match(result.stderr, message)
    assert.equal(result.code, code, result.stderr)
  }
})

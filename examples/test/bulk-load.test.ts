import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { gzipSync } from 'node:zlib'
import { SnapshotReader } from '@shardyfusion/core'
import { main } from '#dist/bulk-load.js'
import { Child, NO_SIGNALS } from './support/child.js'
import { runMain } from './support/run-main.js'
import { tempFolder } from '@shardyfusion/test-support/temp-folder'

const lines = (count: number): string =>
  Array.from({ length: count }, (_, id) => `${JSON.stringify({ id, name: `näme ${id}` })}\n`).join(
    '',
  )

function load(input: string | Buffer[], prefix: string, ...args: string[]) {
  const stdin = Readable.from(typeof input === 'string' ? [Buffer.from(input)] : input)
  return runMain(main, ['-', '--prefix', prefix, '--key', 'id', ...args], { stdin })
}

async function filesBelow(folder: string): Promise<string[]> {
  if (!existsSync(folder)) return []
  const found = await readdir(folder, { recursive: true, withFileTypes: true })
  return found.filter((entry) => entry.isFile()).map(({ name }) => name)
}

async function valuesOf(prefix: string): Promise<Map<unknown, unknown>> {
  await using reader = await SnapshotReader.open({ prefix, keys: 'decoded', values: 'utf8' })
  const values = new Map<unknown, unknown>()
  for await (const [key, value] of reader.scanIter()) values.set(key, value)
  return values
}

test('bulk-load: builds a snapshot from a plain or compressed file', async () => {
  const folder = tempFolder()
  for (const [name, bytes] of [
    ['rows.ndjson', lines(3000)],
    ['rows.ndjson.gz', gzipSync(lines(3000))],
  ] as const) {
    const file = join(folder, name)
    await writeFile(file, bytes)
    const prefix = join(folder, `snapshot of ${name}`)
    const args = [file, '--prefix', prefix, '--key', 'id', '--shards', '3']
    const { stdout, outcome } = runMain(main, args)
    await outcome
    assert.match(stdout.text, /^published run [0-9a-f]{32}: 3,000 rows, 3 shards, /)
    await using reader = await SnapshotReader.open({
      prefix: pathToFileURL(prefix).href,
      values: 'json',
    })
    assert.equal(reader.info().shards, 3)
    assert.deepEqual(await reader.getMany([0, 2999, 3000]), [
      { id: 0, name: 'näme 0' },
      { id: 2999, name: 'näme 2999' },
      undefined,
    ])
  }
})

test('bulk-load: values are the unchanged lines, with any line end', async () => {
  const prefix = 'memory://bulk-load-lines'
  const { outcome } = load('{"id": 1, "n": 1.0}\r\n\n  \n{"id":2,"n":12345678901234567890}', prefix)
  await outcome
  assert.deepEqual(
    [...(await valuesOf(prefix))],
    [
      [1n, '{"id": 1, "n": 1.0}'],
      [2n, '{"id":2,"n":12345678901234567890}'],
    ],
  )
})

test('bulk-load: rows may arrive in chunks of any size', async () => {
  const prefix = 'memory://bulk-load-pieces'
  const bytes = Buffer.from('{"id":1,"name":"日本"}\n{"id":2}\n')
  const { outcome } = load(
    Array.from(bytes, (byte) => Buffer.of(byte)),
    prefix,
  )
  await outcome
  assert.deepEqual([...(await valuesOf(prefix)).values()], ['{"id":1,"name":"日本"}', '{"id":2}'])
})

test('bulk-load: keys are text or integers, and large integers are quoted', async () => {
  const text = 'memory://bulk-load-text'
  await load('{"id":"b"}\n{"id":"a"}\n', text, '--key-encoding', 'utf8').outcome
  assert.deepEqual([...(await valuesOf(text)).keys()], ['a', 'b'])

  const large = 'memory://bulk-load-large'
  await load('{"id":"9007199254740993"}\n{"id":7}\n', large).outcome
  assert.deepEqual([...(await valuesOf(large)).keys()], [7n, 9007199254740993n])
})

test('bulk-load: an invalid line is an error with line number and reason, and nothing is published', async () => {
  const good = '{"id":1}\n\n{"id":2}\n'
  const bad: readonly [input: string | Buffer[], problem: RegExp][] = [
    [`${good}{"id":3`, /^stdin:4: the line is not JSON: /],
    [`${good}{"key":3}\n`, /^stdin:4: expected an object with the field "id"/],
    [`${good}17\n`, /^stdin:4: expected an object with the field "id"/],
    [`${good}{"id":"x"}\n`, /^stdin:4: .*a u64be key must be a bigint or a safe integer, got "x"/],
    [`${good}{"id":9007199254740993}\n`, /^stdin:4: .*a u64be key must be .*safe integer/],
    [[Buffer.from(good), Buffer.of(0x22, 0xff, 0x22, 10)], /^stdin:4: the line is not UTF-8/],
    ['', /^stdin: expected at least one row, got none; pass --allow-empty/],
    ['\n\n', /^stdin:2: expected at least one row, got none; pass --allow-empty/],
  ]
  const prefix = join(tempFolder(), 'snapshot')
  for (const [input, problem] of bad) {
    const { stdout, stderr, outcome } = load(input, prefix)
    await assert.rejects(outcome, { message: problem })
    assert.equal(stdout.text, '')
    assert.match(stderr.text, /Nothing was published\.\n$/)
    assert.equal(existsSync(join(prefix, '_CURRENT')), false)
  }
})

test('bulk-load: readers keep the previous snapshot after a failure', async () => {
  const prefix = 'memory://bulk-load-again'
  await load('{"id":1}\n', prefix).outcome
  await assert.rejects(load('{"id":2}\n{"id":', prefix).outcome, /stdin:2/)
  assert.deepEqual([...(await valuesOf(prefix)).keys()], [1n])
  await load('', prefix, '--allow-empty').outcome
  assert.equal((await valuesOf(prefix)).size, 0)
})

test('bulk-load: errors name a missing file and a truncated archive', async () => {
  const folder = tempFolder()
  const prefix = 'memory://bulk-load-missing'
  const run = (file: string) => runMain(main, [file, '--prefix', prefix, '--key', 'id']).outcome
  await assert.rejects(run(join(folder, 'none.ndjson')), /none\.ndjson: reading failed: ENOENT/)
  const cut = join(folder, 'cut.ndjson.gz')
  await writeFile(cut, gzipSync(lines(5000)).subarray(0, -1000))
  await assert.rejects(run(cut), /cut\.ndjson\.gz:\d+: reading failed: unexpected end of file/)
})

test('bulk-load: endless input is streamed until the signal aborts', async () => {
  const controller = new AbortController()
  const reason = new Error('enough')
  let pieces = 0
  async function* endless(): AsyncGenerator<Buffer> {
    for (;;) {
      yield Buffer.from(lines(100))
      if (++pieces === 300) controller.abort(reason)
    }
  }
  const { signal } = controller
  const args = ['-', '--prefix', 'memory://bulk-load-endless', '--key', 'id']
  const { outcome } = runMain(main, args, { stdin: Readable.from(endless()), signal })
  await assert.rejects(outcome, reason)
  // The stream and the loader may buffer some more chunks.
  assert.ok(pieces < 400, `${pieces} pieces were read`)
})

test(
  'bulk-load: Ctrl-C while rows come in publishes nothing and leaves the record of it alone',
  { skip: NO_SIGNALS },
  async (t) => {
    const prefix = join(tempFolder(), 'snapshot')
    const child = new Child(t, 'bulk-load', ['-', '--prefix', prefix, '--key', 'id'])
    child.process.stdin.on('error', () => {}) // written to until the program is gone
    const feed = (): void => {
      while (child.process.stdin.write(lines(1000)));
    }
    child.process.stdin.on('drain', feed)
    feed()
    await child.prints('stderr', /writing {5}[\d,]+ rows/)
    child.process.kill('SIGINT')
    assert.equal(await child.exitCode(), 130)
    assert.match(child.stderr, /Nothing was published\.\nstopped by SIGINT\n$/)
    assert.deepEqual(await filesBelow(prefix), ['run.yaml'])
  },
)

test('bulk-load: usage errors, invalid input and success have distinct exit codes', async (t) => {
  const folder = tempFolder()
  const file = join(folder, 'rows.ndjson')
  await writeFile(file, '{"id":1}\n')
  const ends = async (...args: string[]) => {
    const child = new Child(t, 'bulk-load', args, { cwd: folder })
    return { code: await child.exitCode(), text: child.stderr }
  }
  const wrong = await ends('rows.ndjson', '--key', 'id')
  assert.equal(wrong.code, 2)
  assert.match(wrong.text, /^--prefix and --key are required\n\nUsage: bulk-load/)
  const bad = await ends('rows.ndjson', '--key', 'name', '--prefix', 'out')
  assert.equal(bad.code, 1)
  assert.match(bad.text, /rows\.ndjson:1: expected an object with the field "name"\n$/)
  assert.equal((await ends('rows.ndjson', '--key', 'id', '--prefix', 'out')).code, 0)
  assert.equal(existsSync(join(folder, 'out/_CURRENT')), true)
})

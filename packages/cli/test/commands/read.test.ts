import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { writeSnapshot } from '@shardyfusion/core'
import { ndjson, shardy, shardyBytes, startShardy } from '../support/shardy.js'
import { emptyPlace, publishedPlace } from '../support/snapshot.js'

const place = await publishedPlace(['old', 100], ['new', 300])
const at = (...args: string[]) => shardy([...args, '-p', place.prefix])

test('get: prints the value and exits with 0, or prints to stderr and exits with 1', async () => {
  const found = await at('get', '7')
  assert.deepEqual(found, { code: 0, stdout: '{"id":7,"name":"new-7"}\n', stderr: '' })
  const missing = await at('get', '999')
  assert.deepEqual(missing, { code: 1, stdout: '', stderr: 'key not found: 999\n' })
  const json = await at('get', '999', '--json')
  assert.deepEqual([json.code, JSON.parse(json.stdout)], [1, { key: 999, found: false }])
})

test('get: reads another run by its id, a prefix of it, or its distance', async () => {
  for (const run of ['old', 'ol', 'current~1'])
    assert.equal((await at('get', '7', '--run', run)).stdout, '{"id":7,"name":"old-7"}\n')
  const wrong = await at('get', '7', '--run', 'x')
  assert.equal(wrong.code, 2)
  assert.match(wrong.stderr, /the run "x" is not published; run 'shardy history' for a list/)
  assert.match(
    (await at('get', '7', '--run', 'current~2')).stderr,
    /expected at most 1 steps back \(published runs before the current one\), got \d/,
  )
})

test('get: an integer key outside the range of the encoding names the range', async () => {
  for (const key of ['18446744073709551616', '9'.repeat(30), '1.5', '-1']) {
    const { code, stderr } = await shardy(['get', '-p', place.prefix, '--', key])
    assert.equal(code, 2)
    assert.match(stderr, /must be integers of 0 to 18446744073709551615 \(u64be\), got "/)
  }
})

test('--cache: later calls find the blocks of a shard in local files', async () => {
  const folder = join(emptyPlace().folder, 'cache')
  const got = await at('get', '7', '--cache', folder)
  assert.deepEqual(got, { code: 0, stdout: '{"id":7,"name":"new-7"}\n', stderr: '' })
  const cached = readdirSync(folder, { recursive: true }).length
  assert.ok(cached > 3)
  assert.equal((await at('get', '7', '--cache', folder)).stdout, got.stdout)
  assert.equal(readdirSync(folder, { recursive: true }).length, cached)
  const health = JSON.parse((await at('health', '--json', '--cache', folder)).stdout)
  assert.deepEqual([health.cache.folder, health.cache.misses], [folder, 0])
  assert.ok(health.stats.store.requests > 0 && health.stats.store.bytesRead > 0)
  assert.deepEqual(health.stats.errors, {})
  assert.match(
    (await at('health', '--cache', folder, '--format', 'table')).stdout,
    /cache .*0 misses/,
  )
})

test('get: --raw prints only the bytes', async () => {
  const bytes = emptyPlace()
  const value = Buffer.from([0, 255, 10, 128])
  await writeSnapshot([['k', value] as const], {
    prefix: bytes.prefix,
    sharding: { shards: 2 },
    keyEncoding: 'utf8',
  })
  const { stdout } = await shardyBytes(['get', 'k', '--raw', '-p', bytes.prefix])
  assert.deepEqual(stdout, value)
  assert.equal((await shardy(['get', 'k', '-p', bytes.prefix])).stdout, 'base64:AP8KgA==\n')
  assert.equal(
    (await shardy(['get', 'k', '--values', 'hex', '-p', bytes.prefix])).stdout,
    '00ff0a80\n',
  )
  assert.equal(
    (await shardy(['get', '6b', '--keys', 'hex', '--values', 'hex', '-p', bytes.prefix])).stdout,
    '00ff0a80\n',
  )
})

test('keys: large integers are exact in arguments and output, also as stored bytes', async () => {
  const big = emptyPlace()
  const keys = [9007199254740993n, 9223372036854775807n]
  const rows = keys.map((key) => [key, Buffer.from(`v${key}`)] as const)
  await writeSnapshot(rows, { prefix: big.prefix, sharding: { shards: 3 } })
  const run = (...args: string[]) => shardy([...args, '-p', big.prefix])
  assert.equal((await run('get', '9007199254740993')).stdout, 'v9007199254740993\n')
  assert.equal(
    (await run('scan')).stdout,
    '{"key":9007199254740993,"value":"v9007199254740993"}\n{"key":9223372036854775807,"value":"v9223372036854775807"}\n',
  )
  assert.equal(
    (await run('get', '7fffffffffffffff', '--keys', 'hex')).stdout,
    'v9223372036854775807\n',
  )
  assert.equal(
    (await run('scan', '--keys', 'hex', '--keys-only', '--csv')).stdout,
    'key\n0020000000000001\n7fffffffffffffff\n',
  )
})

test('multiget: reads keys from arguments or stdin, keeps their order, and exits with 1 if one is missing', async () => {
  const words = await at('multiget', '3', '999', '1')
  assert.equal(words.code, 1)
  assert.deepEqual(ndjson(words.stdout), [
    { key: 3, found: true, value: { id: 3, name: 'new-3' } },
    { key: 999, found: false },
    { key: 1, found: true, value: { id: 1, name: 'new-1' } },
  ])
  const many = Array.from({ length: 9000 }, (_, i) => String((i * 7) % 300))
  const piped = await shardy(['multiget', '-p', place.prefix], { stdin: many.join('\n') })
  assert.equal(piped.code, 0)
  assert.deepEqual(
    ndjson(piped.stdout).map(({ key }) => String(key)),
    many,
  )
  const found = await at('multiget', '999', '1', '--only-found', '--csv')
  assert.equal(found.stdout, 'key,found,value\n1,true,"{""id"":1,""name"":""new-1""}"\n')
})

test('scan: supports ranges, limits, both directions and every format', async () => {
  const keys = async (...args: string[]) =>
    ndjson((await at('scan', ...args)).stdout).map(({ key }) => key)
  assert.deepEqual(await keys('--start', '10', '--end', '13'), [10, 11, 12])
  assert.deepEqual(await keys('--reverse', '--limit', '2'), [299, 298])
  assert.equal(new Set(await keys('--unordered')).size, 300)
  assert.equal((await at('scan', '--count')).stdout, '{"count":300}\n')
  assert.equal((await at('scan', '--limit', '1', '--raw')).stdout, '{"id":0,"name":"new-0"}\n')
  assert.equal(
    (await at('scan', '--limit', '1', '--csv', '--values', 'hex', '--end', '1')).stdout.split('\n')
      .length,
    3,
  )
  assert.deepEqual(JSON.parse((await at('scan', '--limit', '2', '--json', '--keys-only')).stdout), [
    { key: 0 },
    { key: 1 },
  ])
  assert.equal(
    (await at('scan', '--limit', '2', '--format', 'table', '--keys-only')).stdout,
    'key\n  0\n  1\n',
  )
})

test('scan: supports prefixes of text keys', async () => {
  const text = emptyPlace()
  const rows = ['apple', 'apricot', 'banana'].map((key) => [key, Buffer.from(key)] as const)
  await writeSnapshot(rows, { prefix: text.prefix, sharding: { shards: 2 }, keyEncoding: 'utf8' })
  const { stdout } = await shardy([
    'scan',
    '-p',
    text.prefix,
    '--key-prefix',
    'ap',
    '--keys-only',
    '--raw',
  ])
  assert.equal(stdout, 'apple\napricot\n')
})

test('scan: creates an output file only when it is complete', async () => {
  const path = join(place.folder, 'all.ndjson')
  const { code, stdout } = await at('scan', '-o', path)
  assert.deepEqual([code, stdout], [0, ''])
  assert.equal(ndjson(readFileSync(path, 'utf8')).length, 300)
  assert.equal(readdirSync(place.folder).filter((name) => name.includes('partial')).length, 0)
  assert.equal((await at('scan', '-o', join(place.folder, 'none/x'))).code, 3)
})

test('scan: ends silently when the reader closes the pipe', async (t) => {
  const big = emptyPlace()
  const rows = Array.from({ length: 4000 }, (_, id) => [id, Buffer.alloc(500, 'x')] as const)
  await writeSnapshot(rows, { prefix: big.prefix, sharding: { shards: 2 } })
  const child = startShardy(t, ['scan', '-p', big.prefix])
  let stderr = ''
  child.stderr.on('data', (data: Buffer) => (stderr += data.toString()))
  await once(child.stdout, 'data')
  child.stdout.destroy()
  const [code] = (await once(child, 'close')) as [number]
  assert.deepEqual([code, stderr], [0, ''])
})

test('route, info, shards and health describe the snapshot', async () => {
  const routed = ndjson((await at('route', '1', '2')).stdout)
  assert.deepEqual(
    routed.map(({ key }) => key),
    [1, 2],
  )
  const info = JSON.parse((await at('info', '--json')).stdout) as Record<string, unknown>
  assert.deepEqual(
    [info['runId'], info['rowCount'], info['shards'], info['keyEncoding']],
    ['new', 300, 4, 'u64be'],
  )
  const shards = ndjson((await at('shards')).stdout)
  assert.deepEqual(
    shards.map(({ id }) => id),
    [0, 1, 2, 3],
  )
  assert.equal(
    shards.reduce((sum, { rowCount }) => sum + Number(rowCount), 0),
    300,
  )
  for (const { key, shard } of routed)
    assert.equal(shards[Number(shard)]!['url'], routed[Number(key) - 1]!['url'])
  assert.equal((await at('health', '--max-age', '1d')).code, 0)
  const old = await at('health', '--max-age', '1ms', '--format', 'table')
  assert.equal(old.code, 1)
  assert.match(old.stdout, /^status {4}degraded\n/)
  assert.equal((await at('health', '--max-age', 'soon')).code, 2)
})

test('errors: print the message of the library, and their causes', async () => {
  const nowhere = await shardy(['get', '1', '-p', join(place.folder, 'nowhere')])
  assert.equal(nowhere.code, 3)
  assert.match(
    nowhere.stderr,
    /^shardy: SHARD_NOT_FOUND SnapshotReader(Sync)?\.open: nothing is published below file:\/\/\/\S+\/nowhere/,
  )
  assert.equal(nowhere.stderr.split('\n').length, 2)
  const verbose = await shardy(['get', '1', '-v', '-p', join(place.folder, 'nowhere')])
  assert.match(verbose.stderr, /\n {2}retryable: false\n[\s\S]*\n {4}at /)
  const json = await shardy(['get', '1', '--json', '-p', join(place.folder, 'nowhere')])
  const { error } = JSON.parse(json.stderr) as { error: Record<string, unknown> }
  assert.deepEqual([error['code'], error['retryable']], ['SHARD_NOT_FOUND', false])
  assert.equal((await shardy(['get', '1', '-p', 'ftp://x/y'])).code, 2)
})

test('help: lines of a description are filled, and those of an example stay', async () => {
  const { stdout } = await shardy(['plan', '--help'])
  assert.match(stdout, /for write-shard and publish\.\nThe plan contains no credentials\.\n/)
  const exec = await shardy(['exec', '--help'])
  assert.match(exec.stdout, /^ {2}on_error: stop .*\n {2}commands:\n {4}- get 42\n/m)
})

test('usage: help exits with 0, invalid arguments exit with 2 and a hint', async () => {
  const help = await shardy(['--help'])
  assert.equal(help.code, 0)
  assert.match(help.stdout, /^Usage: shardy <command> \[options\]/)
  assert.deepEqual((await shardy([])).stdout, help.stdout)
  const get = await shardy(['get', '--help'])
  assert.match(
    get.stdout,
    /^Usage: shardy get \[options\] <key>[\s\S]*Examples:\n {2}\$ shardy get/,
  )
  assert.match((await shardy(['--version'])).stdout, /^\d+\.\d+\.\d+\n$/)
  const wrong = await shardy(['gte', '1'])
  assert.deepEqual(wrong, {
    code: 2,
    stdout: '',
    stderr: "shardy: unknown command 'gte'\n(Did you mean get?)\n(run with --help for usage)\n",
  })
  assert.equal((await shardy(['get'])).code, 2)
  assert.match(
    (await at('get', '1', '--json', '--csv')).stderr,
    /expected one output format, got json and csv/,
  )
})

test('a damaged current manifest: commands read an older snapshot with a warning, and health is degraded', async () => {
  const fallen = await publishedPlace(['old', 10], ['new', 10])
  const folder = join(fallen.folder, 'snap', 'manifests')
  const current = readdirSync(folder).find((name) => name.endsWith('run_id=new'))!
  const file = join(folder, current, 'manifest')
  const whole = readFileSync(file)
  writeFileSync(file, whole.subarray(0, 5000))
  const run = (...args: string[]) => shardy([...args, '-p', fallen.prefix])

  const found = await run('get', '7')
  assert.deepEqual([found.code, found.stdout], [0, '{"id":7,"name":"old-7"}\n'])
  assert.match(
    found.stderr,
    /^warning: _CURRENT names .*run_id=new.* cannot be read, and run "old" of/,
  )
  const info = JSON.parse((await run('info', '--json')).stdout) as Record<string, unknown>
  assert.deepEqual([info['runId'], info['fellBack']], ['old', true])
  assert.match(
    (await run('info', '--format', 'table')).stdout,
    /fell back +yes: the manifest named by _CURRENT/,
  )
  const health = await run('health', '--json')
  const { status, reason } = JSON.parse(health.stdout) as Record<string, string>
  assert.deepEqual([health.code, status], [1, 'degraded'])
  assert.match(reason!, /run_id=new/)
  // A run selected by id is not a fallback.
  assert.equal((await run('get', '7', '--run', 'old')).stderr, '')

  writeFileSync(file, whole)
  assert.deepEqual(await run('get', '7'), {
    code: 0,
    stdout: '{"id":7,"name":"new-7"}\n',
    stderr: '',
  })
  const healthy = await run('health', '--json')
  assert.deepEqual(
    [healthy.code, (JSON.parse(healthy.stdout) as { status: string }).status],
    [0, 'healthy'],
  )
})

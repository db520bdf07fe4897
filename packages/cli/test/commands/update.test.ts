import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SnapshotReader, writeSnapshot } from '@shardyfusion/core'
import { shardy } from '../support/shardy.js'
import { emptyPlace, fileIn, publishedPlace, type TestSnapshot } from '../support/snapshot.js'

const QUIET = '--no-progress'

async function valuesOf({ prefix }: TestSnapshot, keys: readonly (number | string)[]) {
  await using reader = await SnapshotReader.open({ prefix, values: 'utf8' })
  return await reader.getMany(keys)
}

test('update: rows put or delete by --delete-column, which is not stored', async () => {
  const place = await publishedPlace(['first', 50])
  const changes = fileIn(
    place,
    'changes.ndjson',
    '{"op":"u","id":5,"name":"five"}\n{"id":6,"op":"D"}\n{"id":70,"big":12345678901234567890,"op":"c"}\n{"id":7,"op":null}\n',
  )
  const args = [
    'update',
    changes,
    '-p',
    place.prefix,
    '--key',
    'id',
    '--delete-column',
    'op',
    QUIET,
  ]
  const { code, stdout, stderr } = await shardy(args)
  assert.equal(code, 0, stderr)
  assert.match(
    stdout,
    /^published {5}[0-9a-f]{32}\nupdated from {2}first\nchanges {7}4: 1 inserted, 2 replaced, 1 deleted\nrows {10}50\n/,
  )
  assert.deepEqual(await valuesOf(place, [5, 6, 7, 70, 8]), [
    '{"id":5,"name":"five"}',
    undefined,
    '{"id":7}',
    '{"id":70,"big":12345678901234567890}',
    '{"id":8,"name":"first-8"}',
  ])
})

test('update: CSV with markers and tombstones, from stdin', async () => {
  const place = await publishedPlace(['first', 10])
  const args = ['update', '-p', place.prefix, '--key', 'id', '--from', 'csv', QUIET, '--json']
  const marked = await shardy([...args, '--delete-column', 'gone'], {
    stdin: 'gone,id,name\nfalse,1,one\ntrue,2,\n,30,thirty\n',
  })
  assert.equal(marked.code, 0, marked.stderr)
  const result = JSON.parse(marked.stdout) as Record<string, unknown>
  assert.deepEqual(
    [result['rows'], result['rowCount'], result['baseRunId'], result['changes']],
    [{ inserted: 1, replaced: 1, deleted: 1 }, 10, 'first', 3],
  )
  const tombs = await shardy([...args, '--value', 'name', '--tombstones'], {
    stdin: 'id,name\n1,uno\n3,\n',
  })
  assert.equal(tombs.code, 0, tombs.stderr)
  assert.deepEqual(await valuesOf(place, [1, 2, 3, 30]), [
    'uno',
    undefined,
    undefined,
    '{"id":"30","name":"thirty"}',
  ])
})

test('update: key column, key encoding and CEL columns are those of the snapshot', async () => {
  const place = emptyPlace()
  const rows = [
    { name: 'ada', region: 'eu' },
    { name: 'bob', region: 'us' },
  ]
  await writeSnapshot(rows, {
    prefix: place.prefix,
    key: 'name',
    keyColumn: 'name',
    keyEncoding: 'utf8',
    values: 'json',
    sharding: { cel: 'region', columns: { region: 'string' }, values: ['eu', 'us'] },
  })
  const { code, stderr } = await shardy(
    ['update', '-p', place.prefix, '--delete-column', 'op', QUIET],
    { stdin: '{"name":"cyd","region":"us"}\n{"name":"ada","region":"eu","op":"delete"}\n' },
  )
  assert.equal(code, 0, stderr)
  await using reader = await SnapshotReader.open({ prefix: place.prefix, values: 'json' })
  const of = (name: string, region: string) => reader.get(name, { context: { region } })
  assert.deepEqual(
    [await of('ada', 'eu'), await of('bob', 'us'), await of('cyd', 'us')],
    [undefined, rows[1], { name: 'cyd', region: 'us' }],
  )
})

test('update: --dry-run names the shards and publishes nothing', async () => {
  const place = await publishedPlace(['first', 40])
  const args = ['update', '-p', place.prefix, '--key', 'id', '--dry-run', '--json', QUIET]
  const { code, stdout } = await shardy(args, { stdin: '{"id":1}\n{"id":1}\n' })
  assert.equal(code, 0)
  const plan = JSON.parse(stdout) as Record<string, unknown>
  assert.deepEqual(
    [plan['dryRun'], plan['baseRunId'], plan['shardsToWrite'], plan['shards'], plan['changes']],
    [true, 'first', 1, 4, 2],
  )
  const history = await shardy(['history', '-p', place.prefix, '--json'])
  assert.equal((JSON.parse(history.stdout) as unknown[]).length, 1)
})

test('update: what it refuses is named by its line, and nothing is published', async () => {
  const place = await publishedPlace(['first', 10])
  const args = ['update', '-p', place.prefix, '--key', 'id', QUIET]
  const fails = async (extra: readonly string[], stdin: string, expected: RegExp) => {
    const { code, stderr } = await shardy([...args, ...extra], { stdin })
    assert.notEqual(code, 0)
    assert.match(stderr, expected)
  }
  await fails(
    ['--delete-column', 'op'],
    '{"id":1}\n{"id":1,"op":"x"}\n',
    /Nothing was published\.\n.*stdin:2: the column "op" must say delete .* got "x"/s,
  )
  await fails(['--tombstones'], '{}', /update: --tombstones needs --value/)
  await fails(['--delete-column', 'id'], '{}', /update: --delete-column must not be the column/)
  await fails(
    ['--expected-current', 'other'],
    '{}',
    /"other" was expected to be current, but run "first" is/,
  )
  await fails(['--value-as', 'hex'], '{}', /update: --value-as needs --value/)
  assert.deepEqual(await valuesOf(place, [1]), ['{"id":1,"name":"first-1"}'])
  const nowhere = await shardy(['update', '-p', emptyPlace().prefix, '--key', 'id'], {
    stdin: '{}',
  })
  assert.match(nowhere.stderr, /nothing is published below .*; build the first one/)
})

test('update: --on-error skip leaves out bad rows, and --resume needs its run id', async () => {
  const place = await publishedPlace(['first', 10])
  const args = ['update', '-p', place.prefix, '--key', 'id', QUIET, '--json']
  const skipping = await shardy([...args, '--on-error', 'skip', '--run-id', 'second'], {
    stdin: '{"id":1}\nnot json\n{"id":-1}\n',
  })
  assert.equal(skipping.code, 0, skipping.stderr)
  const result = JSON.parse(skipping.stdout) as Record<string, unknown>
  assert.deepEqual([result['badRows'], result['changes'], result['runId']], [2, 1, 'second'])
  // The run is published: the same changes are found there, others are refused.
  const again = await shardy([...args, '--resume', 'second'], { stdin: '{"id":1}\n' })
  assert.equal(again.code, 0, again.stderr)
  const other = await shardy([...args, '--resume', 'second'], { stdin: '{"id":1,"x":1}\n' })
  assert.match(
    other.stderr,
    /run .*second.* is published, and its shard \d+ was made of other changes/,
  )
})

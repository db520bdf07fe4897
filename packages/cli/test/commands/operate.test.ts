import assert from 'node:assert/strict'
import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { test } from 'node:test'
import { SnapshotReader, writeSnapshot } from '@shardyfusion/core'
import { ndjson, shardy } from '../support/shardy.js'
import { emptyPlace, publishedPlace } from '../support/snapshot.js'

test('history: lists at most --limit snapshots, newest first, and marks the current one', async () => {
  const place = await publishedPlace(['a', 5], ['b', 5], ['c', 5])
  await shardy(['rollback', 'b', '-p', place.prefix, '--yes'])
  const { stdout } = await shardy(['history', '-p', place.prefix])
  assert.deepEqual(
    ndjson(stdout).map(({ runId, current }) => [runId, current]),
    [
      ['c', false],
      ['b', true],
      ['a', false],
    ],
  )
  assert.match(
    (await shardy(['history', '-p', place.prefix, '--format', 'table', '-l', '2'])).stdout,
    /^ +run +published +age\n +c .*\n\* +b .*\n$/,
  )
  const nothing = await shardy(['history', '-p', emptyPlace().prefix])
  assert.deepEqual([nothing.code, nothing.stdout], [0, ''])
})

test('history and rollback: mark a snapshot without data, and reject it without --force', async () => {
  const place = await publishedPlace(['a', 5], ['b', 5])
  rmSync(fileURLToPath(`${place.prefix}/shards/run_id=a`), { recursive: true })
  const listed = ndjson((await shardy(['history', '-p', place.prefix])).stdout)
  assert.deepEqual(
    listed.map(({ runId, data }) => [runId, data]),
    [
      ['b', 'present'],
      ['a', 'missing'],
    ],
  )
  const { stdout } = await shardy(['history', '-p', place.prefix, '--format', 'table'])
  assert.match(
    stdout,
    /^ +run +published +age +data +problem\n[^]* a .* missing +its data is missing/,
  )
  const refused = await shardy(['rollback', 'a', '-p', place.prefix, '--yes'])
  assert.notEqual(refused.code, 0)
  assert.match(refused.stderr, /shards are missing or damaged: shard 0: it has no objects/)
  const forced = await shardy(['rollback', 'a', '-p', place.prefix, '--yes', '--force'])
  assert.equal(forced.code, 0, forced.stderr)
})

test('a prefix without snapshots: commands name it, and those that need a run fail', async () => {
  const { prefix } = emptyPlace()
  for (const words of [['rollback'], ['diff', 'current~1'], ['get', '7', '--run', 'current~1']]) {
    const { code, stderr } = await shardy([...words, '-p', prefix])
    assert.equal(stderr.startsWith(`shardy: nothing is published below ${prefix}; `), true, stderr)
    assert.equal(code, 3)
  }
  for (const [words, text] of [
    [['history'], `no snapshots are published below ${prefix}\n`],
    [['history', '--runs'], `no runs are recorded below ${prefix}\n`],
    [['cleanup', '--keep-last', '1'], `There is nothing to clean up below ${prefix}.\n`],
  ] as const) {
    const { code, stderr } = await shardy([...words, '-p', prefix])
    assert.deepEqual([code, stderr], [0, text])
  }
})

test('cleanup: a table says why an action failed', async () => {
  const place = await publishedPlace(['a', 10], ['b', 10])
  const runs = join(place.folder, 'snap', 'runs')
  rmSync(runs, { recursive: true })
  writeFileSync(runs, 'no folder')
  const args = ['cleanup', '--keep-last', '1', '--yes', '--format', 'table', '-p', place.prefix]
  const { code, stdout, stderr } = await shardy(args)
  assert.equal(code, 3)
  assert.match(stdout, /^failed +old-run +a /m)
  assert.match(stderr, /^failed: a: FileStore\.put: .*ENOTDIR/m)
})

test('a damaged pointer: history lists the runs, and rollback to one of them repairs it', async () => {
  const place = await publishedPlace(['a', 10], ['b', 10])
  const args = ['-p', place.prefix]
  for (const pointer of ['', '{}']) {
    writeFileSync(join(place.folder, 'snap', '_CURRENT'), pointer)
    const broken = await shardy(['get', '7', ...args])
    assert.equal(broken.code, 3)
    assert.match(broken.stderr, /; publish again, or roll back to a run by its id, /)
    const { code, stdout, stderr } = await shardy(['history', ...args])
    const runs = ndjson(stdout).map(({ runId, current }) => [runId, current])
    assert.deepEqual(
      [code, runs],
      [
        0,
        [
          ['b', false],
          ['a', false],
        ],
      ],
    )
    assert.match(stderr, /^note: no snapshot is current: .*'shardy rollback <run>' repairs it\n$/)
    assert.equal((await shardy(['rollback', '--yes', ...args])).code, 2)
    assert.equal((await shardy(['rollback', 'a', '--yes', ...args])).code, 0)
    assert.equal((await shardy(['get', '7', ...args])).stdout, '{"id":7,"name":"a-7"}\n')
  }
})

test('a copied snapshot: the message names the flag that reads it', async () => {
  const place = await publishedPlace(['a', 10])
  const copy = emptyPlace()
  cpSync(place.folder, copy.folder, { recursive: true })
  const { code, stderr } = await shardy(['get', '7', '-p', copy.prefix])
  assert.equal(code, 3)
  assert.match(stderr, /open it with --shard-urls rebase;/)
  assert.equal((await shardy(['get', '7', '-p', copy.prefix, '--shard-urls', 'rebase'])).code, 0)
})

test('verify: exits with 0 for a sound snapshot, else with 1 and prints the findings', async () => {
  const place = await publishedPlace(['a', 200])
  const sound = await shardy(['verify', '-p', place.prefix, '--format', 'table'])
  assert.equal(sound.code, 0, sound.stderr)
  assert.match(sound.stdout, /^verified {2}sound\nrun {7}a\nshards {4}4 of 4\nkeys {6}200\n/)
  const sampled = await shardy(['verify', '-p', place.prefix, '--shards', '2', '--rows', '10'])
  assert.equal((JSON.parse(sampled.stdout) as { shardsVerified: number }).shardsVerified, 2)
  const reader = await SnapshotReader.open({ prefix: place.prefix })
  rmSync(fileURLToPath(reader.shards()[2]!.url!), { recursive: true })
  await reader.close()
  const broken = await shardy(['verify', '-p', place.prefix, '--format', 'table'])
  assert.equal(broken.code, 1)
  assert.match(broken.stdout, /^verified {2}NOT SOUND\n[\s\S]*\n {4}2 {2}error {5}missing/)
  const json = JSON.parse((await shardy(['verify', '-p', place.prefix])).stdout) as {
    ok: boolean
    findings: { kind: string }[]
  }
  assert.deepEqual([json.ok, json.findings.map(({ kind }) => kind)], [false, ['missing']])
})

test('diff: lists added, removed and changed keys in key order', async () => {
  const place = emptyPlace()
  const publish = (runId: string, rows: readonly (readonly [number, string])[], shards: number) =>
    writeSnapshot(
      rows.map(([id, text]) => [id, Buffer.from(text)] as const),
      {
        prefix: place.prefix,
        runId,
        sharding: { shards },
      },
    )
  const before = Array.from({ length: 3000 }, (_, id): [number, string] => [id * 2, `v${id}`])
  const after = before
    .filter(([id]) => id % 1000 !== 4)
    .map(([id, text]): [number, string] => [id, id % 1000 === 6 ? 'other' : text])
  after.push([9_000_000, 'new'], [1, 'new'])
  await publish('before', before, 3)
  // A different number of shards: diff compares only keys and values.
  await publish('after', after, 5)
  const args = ['diff', 'before', '-p', place.prefix]
  const { code, stdout, stderr } = await shardy([...args, '--with-values'])
  assert.equal(code, 1)
  const found = ndjson(stdout)
  const of = (change: string) => found.filter((row) => row['change'] === change)
  assert.deepEqual(of('added'), [
    { change: 'added', key: 1, after: 'new' },
    { change: 'added', key: 9_000_000, after: 'new' },
  ])
  assert.deepEqual(
    of('removed').map(({ key }) => key),
    [4, 1004, 2004, 3004, 4004, 5004],
  )
  assert.deepEqual(of('changed')[0], { change: 'changed', key: 6, before: 'v3', after: 'other' })
  assert.equal(of('changed').length, 6)
  const keys = found.map(({ key }) => Number(key))
  assert.deepEqual(
    keys,
    keys.toSorted((a, b) => a - b),
  )
  assert.match(stderr, /2 added, 6 removed, 6 changed, 2,988 unchanged/)
  assert.deepEqual(JSON.parse((await shardy([...args, '--summary'])).stdout), {
    added: 2,
    removed: 6,
    changed: 6,
    same: 2988,
  })
  const same = await shardy(['diff', 'after', 'current', '-p', place.prefix])
  assert.deepEqual([same.code, same.stdout], [0, ''])
  const file = join(place.folder, 'diff.csv')
  assert.equal((await shardy([...args, '--limit', '2', '--csv', '-o', file])).code, 1)
  assert.equal(readFileSync(file, 'utf8'), 'change,key\nadded,1\nremoved,4\n')
  assert.equal((await shardy(['diff', 'nope', '-p', place.prefix])).code, 2)
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { listSnapshots } from '@shardyfusion/core/maintain'
import { Pty } from '../support/pty.js'
import { ndjson, shardy } from '../support/shardy.js'
import { publishedPlace, type TestSnapshot } from '../support/snapshot.js'

/** Ids of the published runs, oldest first. */
async function published({ prefix }: TestSnapshot): Promise<string[]> {
  return (await listSnapshots({ prefix })).map(({ runId }) => runId).toReversed()
}

test('cleanup on a terminal: lists, asks, and deletes only after confirmation', async (t) => {
  const place = await publishedPlace(['a', 10], ['b', 10], ['c', 10])
  const args = ['cleanup', '-p', place.prefix, '--keep-last', '1', '--grace', '0s']
  const no = new Pty(t, args)
  await no.shows(
    /planned {2}old-run {2}b[\s\S]*planned {2}old-run {2}a[\s\S]*Delete \d+ objects, .* of file:/,
  )
  no.type('n')
  assert.equal((await no.exit()).code, 0)
  assert.match(no.text, /Nothing was deleted\./)
  const cancelled = new Pty(t, args)
  await cancelled.shows(/Delete \d+ objects/)
  cancelled.type('\u0003')
  await cancelled.exit()
  assert.deepEqual(await published(place), ['a', 'b', 'c'])
  const yes = new Pty(t, args)
  await yes.shows(/Delete \d+ objects/)
  yes.type('y')
  assert.equal((await yes.exit()).code, 0)
  assert.match(yes.text, /deleted {2}old-run {2}b/)
  assert.deepEqual(await published(place), ['c'])
})

test('cleanup without a terminal: is a dry run without --yes, and prints a report for programs', async () => {
  const place = await publishedPlace(['a', 10], ['b', 10])
  const args = ['cleanup', '-p', place.prefix, '--keep-last', '1', '--grace', '0s']
  const dry = await shardy(args)
  assert.equal(dry.code, 0)
  assert.match(dry.stderr, /This was a dry run\. Pass --yes to delete the listed data\./)
  assert.match(dry.stdout, /planned {2}old-run {2}a/)
  assert.deepEqual(await published(place), ['a', 'b'])
  const done = await shardy([...args, '--yes', '--ndjson'])
  const [report] = ndjson(done.stdout)
  assert.deepEqual(
    [done.code, report!['dryRun'], (report!['actions'] as unknown[]).length],
    [0, false, 1],
  )
  assert.deepEqual(await published(place), ['b'])
  assert.match((await shardy(args)).stderr, /There is nothing to clean up below file:\/\//)
  assert.equal((await shardy([...args, '--older-than', 'x'])).code, 2)
})

test('rollback: asks on a terminal, needs --yes elsewhere, and works in both directions', async (t) => {
  const place = await publishedPlace(['a', 10], ['b', 10])
  const current = async () =>
    ndjson((await shardy(['info', '-p', place.prefix])).stdout)[0]!['runId']
  const refused = await shardy(['rollback', '-p', place.prefix])
  assert.equal(refused.code, 2)
  assert.match(
    refused.stderr,
    /Make run a, published .*, current\? Cannot ask without a terminal; pass --yes/,
  )
  const no = new Pty(t, ['rollback', '-p', place.prefix])
  await no.shows(/Make run a, published/)
  no.type('n')
  assert.equal((await no.exit()).code, 3)
  assert.equal(await current(), 'b')
  const yes = new Pty(t, ['rollback', '-p', place.prefix])
  await yes.shows(/Make run a, published/)
  yes.type('y')
  assert.equal((await yes.exit()).code, 0)
  assert.equal(await current(), 'a')
  const forward = await shardy(['rollback', 'b', '-p', place.prefix, '--yes', '--json'])
  assert.deepEqual(JSON.parse(forward.stdout), {
    ...(JSON.parse(forward.stdout) as object),
    from: 'a',
    to: 'b',
  })
  assert.match(
    (await shardy(['rollback', 'b', '-p', place.prefix, '--yes'])).stderr,
    /run b is already current/,
  )
})

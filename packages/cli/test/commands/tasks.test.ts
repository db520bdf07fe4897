import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SnapshotReader } from '@shardyfusion/core'
import { tableFromArrays, tableToIPC } from 'apache-arrow'
import { shardy } from '../support/shardy.js'
import { emptyPlace, fileIn } from '../support/snapshot.js'

/** Frames of text rows, with the end frame by default. */
function frames(rows: readonly (readonly [string, string])[], end = true): Buffer {
  const parts = rows.flatMap(([key, value]) => [
    lengths(BigInt(Buffer.byteLength(key)), BigInt(Buffer.byteLength(value))),
    Buffer.from(key),
    Buffer.from(value),
  ])
  return Buffer.concat(end ? [...parts, lengths(2n ** 64n - 1n, BigInt(rows.length))] : parts)
}

function lengths(key: bigint, value: bigint): Buffer {
  const bytes = Buffer.alloc(16)
  bytes.writeBigUInt64LE(key)
  bytes.writeBigUInt64LE(value, 8)
  return bytes
}

async function output(args: readonly string[], stdin: string | Uint8Array = ''): Promise<string> {
  const { code, stdout, stderr } = await shardy(args, { stdin })
  assert.equal(code, 0, stderr)
  return stdout
}

test('plan, write-shard, publish: three row formats build one snapshot', async () => {
  const place = emptyPlace()
  const begin = ['plan', '--prefix', place.prefix, '--key-encoding', 'utf8']
  // Shard by a column, so that this test controls the shard of each key.
  const shards = ['--cel', 'place', '--cel-column', 'place:string', '--cel-value', 'a']
  const plan = await output([...begin, ...shards, '--cel-value', 'b', '--cel-value', 'c'])
  assert.equal(plan.split('\n').length, 2)
  const write = (shard: number, from: string, rows: string | Uint8Array, ...more: string[]) =>
    output(['write-shard', '--plan', plan, '--shard', `${shard}`, '--from', from, ...more], rows)
  const first = await write(
    0,
    'frames',
    frames([
      ['é', 'one'],
      ['k2', 'two'],
    ]),
    '--attempt',
    '4',
  )
  const result = JSON.parse(first) as Record<string, unknown>
  assert.deepEqual(
    [result['db_id'], result['attempt'], result['row_count'], result['min_key'], result['max_key']],
    [0, 4, 2, 'k2', 'é'],
  )
  const table = tableFromArrays({ name: ['k3', 'k4'], text: ['three', 'four'] })
  const columns = ['--key', 'name', '--value', 'text']
  const second = await write(1, 'arrow', tableToIPC(table, 'stream'), ...columns)
  const lines = '{"name":"k5","text":"five"}\n{"name":"k6","text":"six"}\n'
  const third = await write(2, 'ndjson', lines, ...columns)
  // The plan comes from a file, the results from a file and stdin, one of them twice.
  const planFile = fileIn(place, 'plan.json', plan)
  const one = fileIn(place, 'first.json', first + first)
  const published = await output(
    ['publish', '--plan', planFile, one, '-', '--json'],
    second + third,
  )
  const { rowCount, alreadyPublished } = JSON.parse(published) as Record<string, unknown>
  assert.deepEqual([rowCount, alreadyPublished], [6, false])
  await using reader = await SnapshotReader.open({
    prefix: place.prefix,
    keys: 'decoded',
    values: 'utf8',
  })
  const all: unknown[] = []
  for await (const entry of reader.scanIter()) all.push(entry)
  assert.deepEqual(all, [
    ['k2', 'two'],
    ['k3', 'three'],
    ['k4', 'four'],
    ['k5', 'five'],
    ['k6', 'six'],
    ['é', 'one'],
  ])
  const again = await output(['publish', '--plan', planFile], first + second + third)
  assert.match(again, /"alreadyPublished":true/)
})

test('write-shard: truncated input, foreign keys and missing options have distinct errors', async () => {
  const place = emptyPlace()
  const plan = await output(['plan', '-p', place.prefix, '--shards', '2', '--key-encoding', 'utf8'])
  const fails = async (args: readonly string[], stdin: string | Uint8Array, message: RegExp) => {
    const { code, stdout, stderr } = await shardy(['write-shard', ...args], { stdin })
    assert.notEqual(code, 0)
    assert.equal(stdout, '')
    assert.match(stderr, message)
  }
  const task = ['--plan', plan, '--shard', '0']
  const rows = Array.from({ length: 20 }, (_, i) => [`k${i}`, 'v'] as const)
  await fails(task, frames(rows.slice(0, 0), false), /ends without an end frame/)
  await fails(task, frames(rows), /SHARD_ROUTING .* belongs to shard 1, but came with .* shard 0/)
  const table = tableToIPC(tableFromArrays({ key: ['a'], value: ['b'] }), 'stream')
  await fails(
    [...task, '--from', 'arrow'],
    table.subarray(0, -8),
    /write-shard: --from arrow: the stream .* it has no end mark/,
  )
  await fails(
    [...task, '--from', 'arrow', '--key', 'id'],
    table,
    /the stream has no column "id"; its columns are: key, value/,
  )
  await fails(['--shard', '0'], '', /write-shard: --plan is missing/)
  await fails(['--plan', plan], '', /write-shard: --shard must be the number of a shard/)
  await fails(['--plan', '{"version":2}', '--shard', '0'], '', /version must be 1/)
  const { code, stderr } = await shardy(['publish', '--plan', plan])
  assert.equal(code, 3)
  assert.match(stderr, /2 of 2 shards never reported a result: 0, 1/)
})

test('publish: results without rows are rejected, except with --allow-empty', async () => {
  const place = emptyPlace()
  const plan = await output(['plan', '-p', place.prefix, '--shards', '2', '--key-encoding', 'utf8'])
  const write = (shard: string) =>
    output(['write-shard', '--plan', plan, '--shard', shard], frames([]))
  const results = (await write('0')) + (await write('1'))
  const rejected = await shardy(['publish', '--plan', plan], { stdin: results })
  assert.notEqual(rejected.code, 0)
  assert.equal(rejected.stdout, '')
  assert.match(rejected.stderr, /allowEmpty/)
  assert.equal((await shardy(['info', '-p', place.prefix])).code, 3)
  const published = await output(['publish', '--plan', plan, '--allow-empty', '--json'], results)
  assert.equal((JSON.parse(published) as Record<string, unknown>)['rowCount'], 0)
  const missing = await shardy(['get', 'k', '-p', place.prefix])
  assert.deepEqual([missing.code, missing.stdout], [1, ''])
})

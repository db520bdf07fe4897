import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SnapshotReader } from '@shardyfusion/core'
import { kernelKind } from '@shardyfusion/vector'
import { Field, FixedSizeList, Float32, Table, tableToIPC, vectorFromArray } from 'apache-arrow'
import { shardy } from '../support/shardy.js'
import { emptyPlace } from '../support/snapshot.js'

/** Frames of rows with integer keys and vectors. */
function frames(rows: readonly (readonly [bigint, string, number[]?, unknown?])[]): Buffer {
  const parts = rows.flatMap(([key, value, vector = [], payload]) => {
    const stored = Buffer.alloc(8)
    stored.writeBigUInt64BE(key)
    const json = payload === undefined ? '' : JSON.stringify(payload)
    const own = Buffer.from(Float32Array.from(vector).buffer)
    return [
      numbers(8, value.length, own.length, json.length),
      stored,
      Buffer.from(value),
      own,
      Buffer.from(json),
    ]
  })
  return Buffer.concat([...parts, numbers(2n ** 64n - 1n, rows.length, 0, 0)])
}

function numbers(...given: (bigint | number)[]): Buffer {
  const bytes = Buffer.alloc(8 * given.length)
  for (const [i, n] of given.entries()) bytes.writeBigUInt64LE(BigInt(n), 8 * i)
  return bytes
}

async function output(args: readonly string[], stdin: string | Uint8Array = ''): Promise<string> {
  const { code, stdout, stderr } = await shardy(args, { stdin })
  assert.equal(code, 0, stderr)
  return stdout
}

test('tasks write vectors in each row format, and the snapshot is searched', async () => {
  // Readers find the engine of the package that is loaded.
  await kernelKind()
  const { prefix } = emptyPlace()
  const shards = ['--cel', 'place', '--cel-column', 'place:int', '--shards', '3']
  const plan = await output([
    'plan',
    '-p',
    prefix,
    '--dimensions',
    '2',
    '--metric',
    'l2',
    ...shards,
  ])
  const { vector, engine } = JSON.parse(plan)
  assert.deepEqual(vector, { dimensions: 2, metric: 'l2' })
  assert.equal(engine.module, '@shardyfusion/vector', 'a name that other machines understand')
  const write = (shard: number, from: string, rows: string | Uint8Array, ...more: string[]) =>
    output(['write-shard', '--plan', plan, '--shard', `${shard}`, '--from', from, ...more], rows)
  const first = await write(
    0,
    'frames',
    frames([
      [1n, 'one', [1, 0], { n: 1 }],
      [2n, 'two'],
      [3n, 'three', [3, 0]],
    ]),
  )
  const type = new FixedSizeList(2, new Field('item', new Float32()))
  const table = new Table({
    key: vectorFromArray([4n, 5n]),
    value: vectorFromArray(['four', 'five']),
    vector: vectorFromArray([[4, 0], null], type),
  })
  const second = await write(1, 'arrow', tableToIPC(table, 'stream'))
  const lines = '{"id":6,"v":[6,0],"tag":"six"}\n'
  const third = await write(
    2,
    'ndjson',
    lines,
    '-k',
    'id',
    '--vector-column',
    'v',
    '--payload',
    'tag',
  )
  await output(['publish', '--plan', plan], `${first}${second}${third}`)
  await using reader = await SnapshotReader.open({ prefix, values: 'utf8' })
  const { results } = await reader.search([0, 0], { topK: 10, withValues: false })
  assert.deepEqual(
    results.map(({ id, score, payload }) => [id, score, payload]),
    [
      [1n, 1, { n: 1 }],
      [3n, 3, undefined],
      [4n, 4, undefined],
      [6n, 6, { tag: 'six' }],
    ],
  )
  assert.equal(await reader.get(2, { context: { place: 0 } }), 'two')
  assert.equal(await reader.get(6, { context: { place: 2 } }), '{"id":6,"tag":"six"}')
  const verified = JSON.parse(await output(['verify', '--json', '-p', prefix]))
  assert.deepEqual([verified.ok, verified.vectors], [true, 4])

  const bad = async (rows: Uint8Array, from = 'frames', ...more: string[]): Promise<string> => {
    const args = ['write-shard', '--plan', plan, '--shard', '0', '--from', from, ...more]
    const { code, stderr } = await shardy(args, { stdin: rows })
    assert.notEqual(code, 0)
    return stderr
  }
  assert.match(
    await bad(frames([[1n, 'a', [1, 2, 3]]])),
    /vector of row 0 must have 8 bytes \(2 values of float32\), got 12/,
  )
  assert.match(await bad(frames([[1n, 'a', [NaN, 2]]])), /finite numbers .* got NaN as value 0/)
  const plain = await output(['plan', '-p', emptyPlace().prefix, '--shards', '1'])
  const { stderr } = await shardy(
    [
      'write-shard',
      '--plan',
      plain,
      '--shard',
      '0',
      '--from',
      'ndjson',
      '-k',
      'id',
      '--vector-column',
      'v',
    ],
    { stdin: lines },
  )
  assert.match(stderr, /--vector-column needs a plan with --dimensions/)
})

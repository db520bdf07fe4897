import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MemoryStore, writeSnapshot } from '@shardyfusion/core'
import { verifySnapshot } from '@shardyfusion/core/maintain'
import { sqliteVec, writeVectors } from '@shardyfusion/vector'
import { withDatabase } from '../../../core/dist-test/support/sqlite.js'
import { clustered } from '../support/vectors.js'

const COUNT = 1500
const DIMENSIONS = 8
const vectors = clustered(COUNT, DIMENSIONS, 7, 3)
const vectorOf = (id: number): Float32Array =>
  vectors.subarray(id * DIMENSIONS, (id + 1) * DIMENSIONS)
const rows = Array.from({ length: COUNT }, (_, id) => ({ id, n: `payload ${id}` }))

async function built(lists?: number) {
  const objects = new MemoryStore()
  const prefix = 'memory://verify/x'
  const { shards } = await writeSnapshot(rows, {
    prefix,
    objects,
    sharding: { shards: 1 },
    key: 'id',
    values: 'json',
    engine: sqliteVec(lists === undefined ? {} : { index: { lists } }),
    vector: { of: ({ id }) => vectorOf(id), payload: ({ n }) => n, dimensions: DIMENSIONS },
  })
  const url = `${shards[0]!.url!}/shard.db`
  const change = async (edit: (file: Uint8Array) => Uint8Array): Promise<void> =>
    void (await objects.put(url, edit((await objects.get(url))!.slice())))
  const run = (sql: string): Promise<void> =>
    change((file) =>
      withDatabase(file, (database) => {
        database.run(sql)
        return database.image()
      }),
    )
  const verify = () => verifySnapshot({ prefix, objects })
  return { verify, change, run }
}

/** Writes other bytes over the stored vector of a row. */
function overwrite(file: Uint8Array, id: number, values: readonly number[]): Uint8Array {
  const own = Buffer.from(vectorOf(id).slice().buffer)
  const at = Buffer.from(file.buffer, file.byteOffset, file.length).indexOf(own)
  assert.ok(at > 0)
  file.set(new Uint8Array(Float32Array.from(values).buffer), at)
  return file
}

async function finds(
  { verify }: Awaited<ReturnType<typeof built>>,
  kind: string,
  message: RegExp,
): Promise<void> {
  const { findings } = await verify()
  const messages = findings.filter((one) => one.kind === kind).map((one) => one.message)
  assert.ok(
    messages.some((text) => message.test(text)),
    JSON.stringify(findings.map((one) => [one.kind, one.message])),
  )
}

test('a sound shard has no findings, with and without an index; vectors are counted', async () => {
  for (const lists of [undefined, 12]) {
    const report = await (await built(lists)).verify()
    assert.deepEqual(report.findings, [])
    assert.deepEqual([report.ok, report.keys, report.vectors], [true, COUNT, COUNT])
  }
})

test('another number of payloads than the file says', async () => {
  const shard = await built()
  await shard.change((file) => {
    const fact = Buffer.from([...Buffer.from('payloads'), COUNT >> 8, COUNT & 255])
    const at = Buffer.from(file.buffer, file.byteOffset, file.length).indexOf(fact)
    assert.ok(at > 0)
    file[at + fact.length - 1]! -= 1
    return file
  })
  await finds(shard, 'damaged', /sf_info counts 1499 payloads, but vec_payloads has 1500/)
})

test('values that are not finite, and zeros under cosine', async () => {
  const shard = await built()
  await shard.change((file) => overwrite(file, 5, [1, NaN, 0]))
  await finds(shard, 'damaged', /the vector of row 5 has NaN as value 1/)
  const zeros = await built()
  await zeros.change((file) =>
    overwrite(
      file,
      900,
      Array.from({ length: DIMENSIONS }, () => 0),
    ),
  )
  await finds(zeros, 'damaged', /the vector of row 900 has only zeros/)
})

test('an index that does not have the stored vectors', async () => {
  const shard = await built(12)
  await shard.change((file) => overwrite(file, 77, [9, -9, 9, -9]))
  await finds(shard, 'damaged', /the index has other codes for row 77 than its vector gives/)
})

test('rows, ids and payloads that are missing or belong to no vector', async () => {
  const cases: [string, RegExp][] = [
    ['DELETE FROM vec_id_map WHERE internal_id = 3', /has ids for 1499 of 1500 vectors/],
    [
      "UPDATE vec_id_map SET original_id = 'x' WHERE internal_id = 4",
      /row 4: .*an id in vec_id_map/,
    ],
    ['DELETE FROM vec_index_rowids WHERE rowid = 9', /vec_index_rowids has 1499 rows for 1500/],
    ['UPDATE vec_index_rowids SET chunk_offset = 8 WHERE rowid = 9', /row 9 in slot 8 of block 1/],
    ["UPDATE vec_payloads SET payload = '{' WHERE rowid = 2", /row 2: .*payload .* is not JSON/],
    ["INSERT INTO vec_payloads VALUES (99999, '1')", /payload for row 99999, which has no vector/],
    ['DELETE FROM vec_index_vector_chunks00 WHERE rowid = 2', /block 2 has no vectors/],
    [
      'UPDATE vec_index_vector_chunks00 SET vectors = zeroblob(8) WHERE rowid = 1',
      /block 1 must have/,
    ],
  ]
  for (const [sql, message] of cases) {
    const shard = await built()
    await shard.run(sql)
    await finds(shard, 'damaged', message)
  }
})

test('a vector whose row is missing is a warning, if ids are keys', async () => {
  const shard = await built()
  // Every sixth vector or so is looked up.
  await shard.run("DELETE FROM kv WHERE k < x'0000000000000100'")
  const { findings } = await shard.verify()
  const warning = findings.find(({ kind }) => kind === 'vector-without-row')
  assert.equal(warning?.severity, 'warning')
  assert.ok(warning!.keys.length > 0 && warning!.count > 10)
})

test('vectors without keys: sound, and with a vector that is missing', async () => {
  const objects = new MemoryStore()
  const prefix = 'memory://verify/alone'
  const records = rows.map(({ id }) => ({ id, vector: vectorOf(id) }))
  const { shards } = await writeVectors(records, {
    prefix,
    objects,
    dimensions: DIMENSIONS,
    sharding: { clusters: 3 },
  })
  const sound = await verifySnapshot({ prefix, objects })
  assert.deepEqual([sound.ok, sound.vectors, sound.keys, sound.findings], [true, COUNT, 0, []])
  assert.match(sound.notChecked.join(), /shards of vectors are chosen by vectors/)
  const url = `${shards[1]!.url!}/shard.db`
  const file = (await objects.get(url))!
  await objects.put(
    url,
    withDatabase(file, (database) => {
      database.run('UPDATE vec_index_chunks SET validity = zeroblob(128) WHERE chunk_id = 1')
      return database.image()
    }),
  )
  const { findings, ok } = await verifySnapshot({ prefix, objects })
  assert.equal(ok, false)
  const count = shards[1]!.rowCount
  assert.ok(
    findings.some(({ message }) =>
      message.includes(`counts ${count} vectors, but the blocks have `),
    ),
    JSON.stringify(findings),
  )
})

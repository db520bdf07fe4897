// The work of every consumer: builds a snapshot, opens it, looks up, scans. Throws if an answer is wrong.
const ROWS = Array.from({ length: 300 }, (_, id) => ({ id, name: `row ${id}` }))

function equal(got, wanted, what) {
  const [a, b] = [JSON.stringify(got), JSON.stringify(wanted)]
  if (a !== b) throw new Error(`${what}: expected ${b}, got ${a}`)
}

export async function build({ writeSnapshot }, prefix, options = {}) {
  await writeSnapshot(ROWS, {
    prefix,
    sharding: { shards: 3 },
    key: 'id',
    values: 'json',
    ...options,
  })
}

export async function read({ SnapshotReader }, prefix, options = {}) {
  const reader = await SnapshotReader.open({
    prefix,
    values: 'json',
    keys: 'decoded',
    ...options,
  })
  equal(await reader.get(7), ROWS[7], 'get')
  equal(await reader.get(5000), undefined, 'get of an absent key')
  const found = await reader.getMany([1, 299, 5000])
  equal([...found.values()], [ROWS[1], ROWS[299], undefined], 'getMany')
  const names = []
  for await (const [, { name }] of reader.scanIter()) names.push(name)
  equal(
    names,
    ROWS.map(({ name }) => name),
    'scanIter',
  )
  await reader.close()
}

/** A missing snapshot must have its code, which programs check. */
export async function missing({ SnapshotReader }, prefix) {
  const error = await SnapshotReader.open({ prefix }).catch((thrown) => thrown)
  equal(error.code, 'SHARD_NOT_FOUND', 'open of a prefix without a snapshot')
}

export async function exercise(core, prefix, options) {
  await missing(core, `${prefix}/nothing`)
  await build(core, prefix, options)
  await read(core, prefix)
  await exerciseCel(core, `${prefix}/cel`)
}

/** Expressions, and patterns in them, are parts that load when they are needed. */
async function exerciseCel({ SnapshotReader, writeSnapshot }, prefix) {
  const cel = "name.matches('^row [0-4]') ? 'low' : 'high'"
  await writeSnapshot(ROWS, {
    prefix,
    sharding: { cel, columns: { name: 'string' }, values: ['low', 'high'] },
    key: 'id',
    values: 'json',
  })
  const reader = await SnapshotReader.open({ prefix, values: 'json' })
  const row = await reader.get(7, { context: { name: ROWS[7].name } })
  equal(row, ROWS[7], 'get by an expression')
  await reader.close()
}

export function exerciseSync({ SnapshotReaderSync, writeSnapshotSync }, prefix) {
  writeSnapshotSync(ROWS, { prefix, sharding: { shards: 2 }, key: 'id', values: 'json' })
  const reader = SnapshotReaderSync.open({ prefix, values: 'json' })
  equal(reader.get(7), ROWS[7], 'get')
  equal([...reader.scanIter()].length, ROWS.length, 'scanIter')
  reader.close()
}

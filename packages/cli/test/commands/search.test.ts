import assert from 'node:assert/strict'
import { test } from 'node:test'
import { writeVectors, writeNpy, sqliteVec } from '@shardyfusion/vector'
import { Float32, FixedSizeList, Field, tableToIPC, vectorFromArray, Table } from 'apache-arrow'
import { shardy } from '../support/shardy.js'
import { emptyPlace, fileIn } from '../support/snapshot.js'

const COUNT = 400
const vectorOf = (id: number): number[] => [Math.sin(id), Math.cos(3 * id), id / COUNT, 1]
const rows = Array.from({ length: COUNT }, (_, id) => ({
  id,
  lang: id % 3 === 0 ? 'de' : 'en',
  big: '9007199254740993',
  v: vectorOf(id),
}))
const ndjson = rows
  .map((row) => `${JSON.stringify(row).replace('"9007199254740993"', '9007199254740993')}\n`)
  .join('')

async function output(args: readonly string[], stdin = ''): Promise<string> {
  const { code, stdout, stderr } = await shardy(args, { stdin })
  assert.equal(code, 0, stderr)
  return stdout
}

const place = emptyPlace()
const at = (...args: string[]): Promise<string> => output([...args, '-p', place.prefix])
const fails = async (...args: string[]) => {
  const { code, stderr } = await shardy([...args, '-p', place.prefix])
  return [code, stderr] as const
}
await output(
  'build -k id -n 2 --vector-column v --metric l2 --payload lang --payload big -p'
    .split(' ')
    .concat(place.prefix),
  ndjson,
)

const nearest = (
  query: readonly number[],
  k: number,
  keep: (id: number) => boolean = () => true,
): number[] =>
  rows
    .map(({ id, v }) => ({ id, d: Math.hypot(...v.map((x, i) => x - query[i]!)) }))
    .filter(({ id }) => keep(id))
    .sort((a, b) => a.d - b.d)
    .slice(0, k)
    .map(({ id }) => id)

const found = (text: string): { id: number; query: number | string; payload: object }[] =>
  text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))

test('build --vector-column: rows keep all but the vector as their value, with every digit', async () => {
  assert.equal(await at('get', '7', '--raw'), '{"id":7,"lang":"en","big":9007199254740993}')
  const info = JSON.parse(await at('info', '--json'))
  assert.deepEqual(info.vectors, { dimensions: 4, metric: 'l2' })
  assert.match(await at('info', '--format', 'table'), /vectors +4 dimensions, l2, with the rows/)
})

test('search: a vector in any form, several at once, from a file and from stdin', async () => {
  const query = vectorOf(33.3)
  const expected = nearest(query, 10)
  for (const text of [JSON.stringify(query), query.join(','), query.join(' ')])
    assert.deepEqual(
      found(await at('search', text, '--ndjson')).map(({ id }) => id),
      expected,
    )
  const lines = `${JSON.stringify(query)}\n\n{"vector":${JSON.stringify(vectorOf(5))}}\n`
  const file = fileIn(place, 'queries.ndjson', lines)
  const npy = writeNpy({
    rows: 2,
    columns: 4,
    values: Float64Array.from([...query, ...vectorOf(5)]),
  })
  const matrix = fileIn(place, 'queries.npy', npy)
  const wanted = [...nearest(query, 2), ...nearest(vectorOf(5), 2)]
  for (const given of [
    await at('search', '--vector-file', file, '-k', '2', '--ndjson'),
    await at('search', '--vector-file', matrix, '-k', '2', '--ndjson'),
    await output(['search', '-k', '2', '--ndjson', '-p', place.prefix], lines),
  ]) {
    assert.deepEqual(
      found(given).map(({ id }) => id),
      wanted,
    )
    assert.deepEqual(
      found(given).map(({ query: q }) => q),
      [0, 0, 1, 1],
    )
  }
})

test('search --like, --where, --with-values, --max-distance and --exact', async () => {
  const like = found(await at('search', '--like', '9', '--like', '10', '-k', '3', '--ndjson'))
  assert.deepEqual(
    like.map(({ id }) => id),
    [...nearest(vectorOf(9), 3, (id) => id !== 9), ...nearest(vectorOf(10), 3, (id) => id !== 10)],
  )
  assert.deepEqual(like[3]!.query, '10')
  const german = await at('search', '1,1,1,1', '-w', "payload.lang == 'de'", '--ndjson', '--exact')
  assert.deepEqual(
    found(german).map(({ id }) => id),
    nearest([1, 1, 1, 1], 10, (id) => id % 3 === 0),
  )
  assert.match(german, /"payload":\{"big":9007199254740993,"lang":"de"\}/)
  const table = await at('search', '1,1,1,1', '-k', '1', '--with-values', '--format', 'table')
  assert.match(table, /^ *id +distance +shard +payload +value\n/)
  assert.match(table, /\{"id":\d+,"lang":"..","big":9007199254740993\}/)
  const nothing = await shardy(['search', '9,9,9,9', '--max-distance', '1', '-p', place.prefix])
  assert.deepEqual(nothing, { code: 1, stdout: '', stderr: '' })
})

test('search: one clear message for each mistake', async () => {
  const cases: [string[], number, RegExp][] = [
    [['1,2'], 3, /query 0: a vector must have 4 values .* got 2/],
    [
      ['x'],
      2,
      /a query must be a list of numbers, such as \[0\.1, 0\.2\], got "x"; the key of a row needs --like/,
    ],
    [['1,2,3,4', '--like', '3'], 2, /pass vectors or --like, not both/],
    [['1,2,3,4', '--recall', '2'], 2, /recall must be a number above 0, up to 1, got 2/],
    [['1,2,3,4', '--recall', 'x'], 2, /--recall must be a number above 0, up to 1, got "x"/],
    [['1,2,3,4', '--exact', '--recall', '0.9'], 2, /exact and recall were both given/],
    [['1,2,3,4', '--probes', '2'], 2, /--probes is for snapshots of vectors without keys/],
    [['1,2,3,4', '-k', '100001'], 2, /topK must be an integer from 0 to 100000/],
    [['1,2,3,4', '-w', 'payload.'], 2, /where does not compile/],
    [['--like', '99999'], 3, /there is no vector with the id 99999/],
    [['--vector-file', 'nowhere.npy'], 3, /nowhere\.npy/],
  ]
  const ran = await Promise.all(cases.map(([args]) => fails('search', ...args)))
  for (const [i, [args, code, message]] of cases.entries()) {
    const [got, stderr] = ran[i]!
    assert.match(stderr, message)
    assert.equal(got, code, args.join(' '))
  }
  assert.match((await fails('search'))[1], /expected vectors, one for each line/)
  const plain = emptyPlace()
  await output(['build', '-k', 'id', '-p', plain.prefix], '{"id":1}\n')
  const { code, stderr } = await shardy(['search', '1,2', '-p', plain.prefix])
  assert.equal(code, 2)
  assert.match(stderr, /has no vectors; build it with the option vector/)
})

test('build --vector-column: CSV cells and Arrow lists; bad vectors are bad rows', async () => {
  const csv = emptyPlace()
  const cells = 'id;name;v\n1;a;"[1, 2]"\n2;b;3 4\n3;c;\n4;d;1 x\n5;e;1,2,3\n'
  const built = await shardy(
    'build --from csv --delimiter ; -k id -n 1 --vector-column v --metric l2 --on-error skip --json -p'
      .split(' ')
      .concat(csv.prefix),
    { stdin: cells },
  )
  assert.equal(JSON.parse(built.stdout).rowCount, 3, built.stderr)
  assert.match(built.stderr, /stdin:5: the vector "v" must be a list of numbers, .* got "1 x"/)
  assert.match(built.stderr, /stdin:6: the vector "v" must have 2 values, got 3/)
  const hits = found(await output(['search', '3 4', '--ndjson', '-p', csv.prefix]))
  assert.deepEqual(
    hits.map(({ id }) => id),
    [2, 1],
  )
  assert.equal(await output(['get', '2', '--raw', '-p', csv.prefix]), '{"id":"2","name":"b"}')

  const arrow = emptyPlace()
  const type = new FixedSizeList(2, new Field('item', new Float32()))
  const table = new Table({
    id: vectorFromArray([1, 2, 3]),
    v: vectorFromArray([[1, 0], null, [0, 1]], type),
  })
  const file = fileIn(arrow, 'rows.arrow', tableToIPC(table, 'file'))
  await output(['build', file, '-k', 'id', '--vector-column', 'v', '-n', '1', '-p', arrow.prefix])
  assert.deepEqual(
    found(await output(['search', '0 1', '--ndjson', '-p', arrow.prefix])).map(({ id }) => id),
    [3, 1],
  )
  for (const [args, message] of [
    [['--metric', 'l2'], /--metric needs --vector-column/],
    [
      ['--vector-column', 'w'],
      /the column "w" for the vector does not exist; the columns are: id, v/,
    ],
    [['--vector-column', 'v', '--metric', 'dot_product'], /searches by cosine and l2/],
    [['--vector-column', 'v', '--dimensions', '3'], /the vector "v" must have 3 values, got 2/],
    [
      ['--vector-column', 'v', '--engine', 'wasm'],
      /does not store vectors; pass engine: sqliteVec/,
    ],
  ] as const) {
    const ran = await shardy(['build', '-k', 'id', '-p', emptyPlace().prefix, ...args], {
      stdin: '{"id":1,"v":[1,2]}\n',
    })
    assert.match(ran.stderr, message)
    assert.notEqual(ran.code, 0)
  }
})

test('recall: what each setting finds, for indexes and for shards chosen by vectors', async () => {
  const indexed = emptyPlace()
  const options = ['--engine', 'sqlite-vec', '--engine-options', '{"index":{"lists":16}}']
  await output(
    ['build', '-k', 'id', '-n', '1', '--vector-column', 'v', '-p', indexed.prefix, ...options],
    ndjson,
  )
  const table = await output([
    'recall',
    '--queries',
    '30',
    '--format',
    'table',
    '-p',
    indexed.prefix,
  ])
  assert.match(table, /index +ivf\n/)
  assert.match(table, /recall 0\.95 +\d+\.\d % /)
  assert.match(table, /exact +100\.0 % /)
  const plain = JSON.parse(await at('recall', '--queries', '10', '--json'))
  assert.deepEqual(
    [plain.indexes, plain.settings.length, plain.settings[0].found],
    [['exact'], 1, 1],
  )

  const alone = emptyPlace()
  const records = rows.map(({ id, v }) => ({ id: `d${id}`, vector: v }))
  await writeVectors(records, {
    prefix: alone.prefix,
    dimensions: 4,
    sharding: { clusters: 4 },
    engine: sqliteVec(),
  })
  const probes = JSON.parse(
    await output(['recall', '--queries', '20', '--json', '-p', alone.prefix]),
  )
  assert.deepEqual(
    probes.settings.map(({ search }: { search: string }) => search),
    ['probes 1', 'probes 2', 'exact'],
  )
  assert.ok(probes.settings[0].found <= probes.settings[1].found)
  const hits = found(
    await output([
      'search',
      '1,1,1,1',
      '--probes',
      'all',
      '--ndjson',
      '-k',
      '3',
      '-p',
      alone.prefix,
    ]),
  )
  assert.equal(hits.length, 3)
  const info = await output(['info', '--format', 'table', '-p', alone.prefix])
  assert.match(
    info,
    /vectors +400 without keys, 4 dimensions, cosine; by cluster, 1 of 4 shards a search/,
  )
  const report = await output(['report', '-o', '-', '-p', alone.prefix])
  assert.match(report, /Vectors<.*400 without keys, 4 dimensions, cosine; by cluster/s)
  const shards = await output(['shards', '--ndjson', '-p', alone.prefix])
  assert.equal(shards.trim().split('\n').length, 4)
  const like = await shardy(['search', '--like', 'd1', '-p', alone.prefix])
  assert.match(like.stderr, /--like needs rows with keys/)
})

// A tour of shardyfusion with the cities of the world: npm run quickstart
import { jsonValues, SnapshotReader, writeSnapshot } from '@shardyfusion/core'
import { cities, type City, CREDIT, describeCity } from './support/cities.js'
import { parseCommandLine } from './support/command-line.js'
import { formatBytes, formatCount } from './support/format.js'
import { type Main, runIfMain } from './support/program.js'
import { withProgress } from './support/progress-line.js'
import { Screen } from './support/screen.js'
import { timed } from './support/timed.js'
import { WorkFolder } from './support/work-folder.js'

const USAGE = `Usage: npm run quickstart -- [folder] [--keep]

Builds snapshots of ${formatCount(cities.length)} cities in a temporary folder, reads them, and removes the folder.

  folder   use this folder instead, and keep it
  --keep   keep the temporary folder`

const ZURICH = 2657896

export const main: Main = async (args, { stdout, signal }) => {
  const options = { keep: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } } as const
  const { values, positionals } = parseCommandLine({ args, options, allowPositionals: true }, USAGE)
  if (values.help) {
    stdout.write(`${USAGE}\n`)
    return
  }
  const screen = new Screen(stdout)
  const folder = await WorkFolder.open(positionals[0], values.keep)
  try {
    screen.title(`shardyfusion: ${formatCount(cities.length)} cities, from rows to answers`)
    screen.note(CREDIT)
    await tour(folder, screen, signal)
    sayWhatNext(folder, screen)
  } finally {
    await folder.release()
  }
}

async function tour(folder: WorkFolder, screen: Screen, signal: AbortSignal): Promise<void> {
  const prefix = folder.url('cities')

  screen.step('Publish: write the cities to 8 shards, and publish all shards atomically')
  screen.call("writeSnapshot(cities, { prefix, sharding: { shards: 8 }, key: 'id', … })")
  screen.note(`prefix is ${prefix}`)
  await publish(cities, prefix, screen, signal)

  await using reader = await SnapshotReader.open({
    prefix,
    values: jsonValues<City>(),
    keys: 'decoded',
  })
  showShards(reader, screen)

  screen.step('Look up by id')
  await lookUp(reader, screen)

  screen.step('Scan in key order, merged over all shards')
  await scan(reader, screen)

  screen.step('Find by name: a second snapshot with text keys, country/name/id')
  await findByName(reader, folder.url('cities-by-name'), screen, signal)

  screen.step('Publish again: readers move to the new snapshot when they refresh')
  const changed = cities.map((city) =>
    city.id === ZURICH ? { ...city, population: city.population + 1 } : city,
  )
  await publish(changed, prefix, screen, signal)
  await refresh(reader, screen)
}

async function publish(
  rows: readonly City[],
  prefix: string,
  screen: Screen,
  signal: AbortSignal,
): Promise<void> {
  await withProgress(screen.output, (onProgress) =>
    writeSnapshot(rows, {
      prefix,
      sharding: { shards: 8 },
      key: 'id',
      values: 'json',
      onProgress,
      signal,
    }),
  )
}

type CityReader = SnapshotReader<City, 'decoded'>

function showShards(reader: CityReader, screen: Screen): void {
  screen.line()
  screen.table(
    ['shard', 'rows', 'size', 'min key', 'max key'],
    reader
      .shards()
      .map(({ id, rowCount, bytes, minKey, maxKey }) => [
        String(id),
        formatCount(rowCount),
        formatBytes(bytes),
        String(minKey),
        String(maxKey),
      ]),
  )
}

async function lookUp(reader: CityReader, screen: Screen): Promise<void> {
  const remarks = [
    `opens shard ${reader.shardFor(ZURICH).id}`,
    'shard is open',
    `opens shard ${reader.shardFor(1).id}`,
  ]
  for (const id of [ZURICH, ZURICH, 1]) {
    const [city, time] = await timed(() => reader.get(id))
    screen.call(`reader.get(${id})`, describeCity(city), `${time}, ${remarks.shift()}`)
  }

  const ids = cities.filter((_, i) => i % 135 === 0).map((city) => city.id)
  const [found, timeOfAll] = await timed(() => reader.getMany(ids))
  const hits = found.filter((city) => city !== undefined).length
  screen.call(
    'reader.getMany(ids)',
    `${formatCount(hits)} of ${formatCount(ids.length)} ids`,
    `${timeOfAll}, over all shards`,
  )
}

async function scan(reader: CityReader, screen: Screen): Promise<void> {
  screen.call(`reader.scanIter({ start: ${ZURICH} }, { limit: 5 })`)
  for await (const [id, city] of reader.scanIter({ start: ZURICH }, { limit: 5 })) {
    screen.line(`  ${String(id)}  ${describeCity(city)}`)
  }
}

async function findByName(
  citiesById: CityReader,
  prefix: string,
  screen: Screen,
  signal: AbortSignal,
): Promise<void> {
  await withProgress(screen.output, (onProgress) =>
    writeSnapshot(cities, {
      prefix,
      sharding: { shards: 8 },
      key: ({ country, name, id }) => `${country}/${name}/${id}`,
      keyEncoding: 'utf8',
      value: 'id',
      values: 'json',
      onProgress,
      signal,
    }),
  )
  await using index = await SnapshotReader.open({
    prefix,
    values: jsonValues<number>(),
    keys: 'decoded',
  })

  screen.call(`index.scanIter({ prefix: 'IS/H' })`)
  const ids: number[] = []
  for await (const [key, id] of index.scanIter({ prefix: 'IS/H' })) {
    screen.line(`  ${String(key)}`)
    ids.push(id)
  }
  const [found, time] = await timed(() => citiesById.getMany(ids))
  const people = found.reduce((sum, city) => sum + (city?.population ?? 0), 0)
  screen.call('reader.getMany(ids)', `${formatCount(people)} people`, time)
}

async function refresh(reader: CityReader, screen: Screen): Promise<void> {
  const get = async () => describeCity(await reader.get(ZURICH))
  screen.call(`reader.get(${ZURICH})`, await get(), 'still the snapshot it opened')
  const [moved, time] = await timed(() => reader.refresh())
  screen.call('reader.refresh()', String(moved), `${time}, to the new one`)
  screen.call(`reader.get(${ZURICH})`, await get())
}

function sayWhatNext(folder: WorkFolder, screen: Screen): void {
  screen.title('What next')
  const prefix = folder.kept ? `${folder.path}/cities` : './demo/cities'
  if (folder.kept) screen.line(`Files stay in   ${folder.path}`)
  else screen.line('Keep the files  npm run quickstart -- ./demo')
  screen.line(`Serve them      node examples/dist/lookup-service.js --prefix ${prefix}`)
  screen.line('Load your rows  node examples/dist/bulk-load.js --help')
  screen.line('Read the code   examples/src/quickstart.ts, packages/core/README.md')
  screen.line()
}

await runIfMain(import.meta.url, main)

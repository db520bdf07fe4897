// Places near a city, in LanceDB shards that the Python project searches as well:
//   node examples/dist/lancedb-places.js "Nairobi" --prefix ./places
import { SnapshotReader, sqlite, writeSnapshot } from '@shardyfusion/core'
import { composite, lancedb } from '@shardyfusion/lancedb'
import { parseCommandLine, toPrefix } from './support/command-line.js'
import { cities, type City, CREDIT, describeCity } from './support/cities.js'
import { type Main, runIfMain, usageFailure } from './support/program.js'

const USAGE = `Usage: lancedb-places <city> [--prefix <where>]

Publishes the cities with 100,000 inhabitants or more, by their id and by where they are, and prints those that are
nearest to one of them.

  <city>            name of the city
  --prefix <where>  a file:///… URL or a folder (default ./places)`

const OPTIONS = {
  prefix: { type: 'string', default: './places' },
  help: { type: 'boolean', short: 'h' },
} as const

const EARTH_KM = 6371
const LEAST_POPULATION = 100_000

/** Where a city is, as a point on a sphere of radius 1: the nearest points are the nearest cities. */
function pointOf({ latitude, longitude }: City): number[] {
  const [lat, lon] = [(latitude * Math.PI) / 180, (longitude * Math.PI) / 180]
  return [Math.cos(lat) * Math.cos(lon), Math.cos(lat) * Math.sin(lon), Math.sin(lat)]
}

/** Kilometres on the surface for LanceDB's distance, the square of the chord. */
function kilometres(score: number): number {
  return Math.round(2 * EARTH_KM * Math.asin(Math.sqrt(score) / 2))
}

export const main: Main = async (args, { stdout, signal }) => {
  const command = { args, options: OPTIONS, allowPositionals: true }
  const { values, positionals } = parseCommandLine(command, USAGE)
  if (values.help) {
    stdout.write(`${USAGE}\n`)
    return
  }
  const rows = cities.filter(({ population }) => population >= LEAST_POPULATION)
  const [name, ...more] = positionals
  if (name === undefined || more.length > 0) throw usageFailure('expected one city', USAGE)
  const city = rows.find((row) => row.name === name)
  if (city === undefined) throw usageFailure(`no city of that size is called "${name}"`, USAGE)
  const prefix = toPrefix(values.prefix)
  await writeSnapshot(rows, {
    prefix,
    sharding: { shards: 2 },
    key: 'id',
    values: 'json',
    engine: composite(sqlite(), lancedb()),
    vector: {
      of: pointOf,
      dimensions: 3,
      metric: 'l2',
      payload: ({ country }) => ({ country }),
    },
    signal,
  })
  await using reader = await SnapshotReader.open({ prefix, values: 'json' })
  const near = await reader.searchLike(city.id, { topK: 3, withValues: true })
  const abroad = await reader.searchLike(city.id, {
    topK: 3,
    where: `payload.country != "${city.country}"`,
    withValues: true,
  })
  stdout.write(`near ${describeCity(city)}\n`)
  for (const { score, value } of near.results)
    stdout.write(`  ${kilometres(score)} km  ${describeCity(value as City)}\n`)
  stdout.write('abroad\n')
  for (const { score, value } of abroad.results)
    stdout.write(`  ${kilometres(score)} km  ${describeCity(value as City)}\n`)
  stdout.write(`${CREDIT}\n`)
}

await runIfMain(import.meta.url, main)

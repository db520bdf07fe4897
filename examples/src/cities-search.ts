// Search 135,233 cities by how their names are spelled: npm run cities-search -- Kopenhagen
import { jsonValues, SnapshotReader, writeSnapshot } from '@shardyfusion/core'
import { sqliteVec } from '@shardyfusion/vector'
import { cities, type City, CREDIT, describeCity } from './support/cities.js'
import { parseCommandLine } from './support/command-line.js'
import { formatCount } from './support/format.js'
import { NAME_DIMENSIONS, nameVector } from './support/name-vector.js'
import { type Main, runIfMain } from './support/program.js'
import { withProgress } from './support/progress-line.js'
import { Screen } from './support/screen.js'
import { timed } from './support/timed.js'
import { WorkFolder } from './support/work-folder.js'

const USAGE = `Usage: npm run cities-search -- [name ...] [--folder <folder>]

Builds a snapshot of ${formatCount(cities.length)} cities whose rows have keys and vectors, and searches it for names.

  name               what to search for; some misspelled names by default
  --folder <folder>  use this folder instead of a temporary one, and keep it`

const NAMES = ['Kopenhagen', 'Reykjavic', 'San Fransisco']
const LONDON = 2643743

export const main: Main = async (args, { stdout, signal }) => {
  const options = { folder: { type: 'string' }, help: { type: 'boolean', short: 'h' } } as const
  const { values, positionals } = parseCommandLine({ args, options, allowPositionals: true }, USAGE)
  if (values.help) {
    stdout.write(`${USAGE}\n`)
    return
  }
  const screen = new Screen(stdout)
  const folder = await WorkFolder.open(values.folder)
  try {
    screen.title(
      `shardyfusion: ${formatCount(cities.length)} cities, found by how they are spelled`,
    )
    screen.note(CREDIT)
    await tour(folder.url('cities'), positionals.length > 0 ? positionals : NAMES, screen, signal)
    if (folder.kept) screen.line(`Files stay in   ${folder.path}`)
    screen.line()
  } finally {
    await folder.release()
  }
}

async function tour(
  prefix: string,
  names: readonly string[],
  screen: Screen,
  signal: AbortSignal,
): Promise<void> {
  screen.step('Publish: keys, values and vectors in one SQLite file for each of 4 shards')
  screen.note(
    `the vector of a name: its pairs and triples of letters, hashed to ${NAME_DIMENSIONS} values`,
  )
  screen.call('writeSnapshot(cities, { …, engine: sqliteVec(), vector: { of, dimensions } })')
  // #region cities-write
  await withProgress(screen.output, (onProgress) =>
    writeSnapshot(cities, {
      prefix,
      sharding: { shards: 4 },
      key: 'id',
      values: 'json',
      engine: sqliteVec(),
      vector: {
        of: ({ name }) => nameVector(name),
        payload: ({ country, population }) => ({ country, population }),
        dimensions: NAME_DIMENSIONS,
      },
      onProgress,
      signal,
    }),
  )
  // #endregion cities-write

  // #region cities-search
  await using reader = await SnapshotReader.open({ prefix, values: jsonValues<City>() })
  const find = (name: string, where?: string) =>
    reader.search(nameVector(name), { topK: 100, withValues: true, where, signal })
  // #endregion cities-search

  screen.step('Search: the nearest names, with their rows')
  for (const name of names) {
    const [{ results }, time] = await timed(() => find(name))
    const first = name === names[0] ? ', with reading the vectors of all shards' : ''
    screen.call(`find(${JSON.stringify(name)})`, `${time}${first}`)
    show(results, screen)
  }

  screen.step('Filter: a CEL expression over the payload')
  const where = "payload.country == 'US' && payload.population > 5000"
  screen.call(`find("London", "${where}")`)
  show((await find('London', where)).results, screen)

  screen.step('More like this: the vector of a row is the query')
  const [like, time] = await timed(() =>
    reader.searchLike(LONDON, { topK: 20, withValues: true, signal }),
  )
  screen.call(`reader.searchLike(${LONDON})`, describeCity(await reader.get(LONDON)), time)
  show(like.results, screen)

  screen.step('Many queries at once: each shard is read once for all')
  const sample = cities.filter((_, i) => i % 2000 === 0)
  const misspelled = sample.map(({ name }) => nameVector(withoutLetter(name)))
  const [found, took] = await timed(() => reader.searchMany(misspelled, { topK: 10, signal }))
  const hits = sample.filter(({ id }, i) => found[i]!.results.some((hit) => hit.id === BigInt(id)))
  screen.call(
    'reader.searchMany(names)',
    `${hits.length} of ${sample.length} with a letter missing are in their top 10`,
    took,
  )
}

interface Found {
  readonly score: number
  readonly value?: City | undefined
}

/** Prints the nearest three; of cities with the same name the largest. */
function show(results: readonly Found[], screen: Screen): void {
  const people = ({ value }: Found): number => value?.population ?? 0
  const shown = results.toSorted((a, b) => a.score - b.score || people(b) - people(a)).slice(0, 3)
  for (const { score, value } of shown) screen.line(`  ${score.toFixed(3)}  ${describeCity(value)}`)
}

function withoutLetter(name: string): string {
  const middle = Math.floor(name.length / 2)
  return name.slice(0, middle) + name.slice(middle + 1)
}

await runIfMain(import.meta.url, main)

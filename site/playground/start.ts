// The playground: one form for each operation, one table for the answer, one for the requests that it took.
import { Cities, type City, type Shards } from './cities.js'
import type { RecordedRequest } from './recorded-fetch.js'
import { element, numberIn, say, showAnswer, showRequests } from './view.js'

const READY = 'Ready. Blocks are fetched on demand; blocks of lookups are cached in memory.'
const HEAD = ['Id', 'Name', 'Country', 'People', 'Shard']

/**
 * Starts the playground on the elements of the page.
 *
 * @param base the address of the folder with the snapshots
 */
export async function startPlayground(base: string): Promise<void> {
  let pending: RecordedRequest[] = []
  const cities = new Cities(base, (request) => pending.push(request))

  /** Runs one operation, and shows its requests and time. */
  const measure = async <T>(operation: string, work: () => Promise<T>): Promise<T> => {
    pending = []
    const startedAt = performance.now()
    try {
      return await work()
    } finally {
      showRequests(operation, performance.now() - startedAt, pending)
    }
  }
  const opened = new Set<Shards>()
  const open = async (shards: Shards): Promise<void> => {
    if (opened.has(shards)) return
    say('Opening the snapshot …')
    const reader = await measure(`open ${shards}`, () => cities.open(shards))
    opened.add(shards)
    const { rowCount, shards: count, runId } = reader.info()
    const rows = rowCount.toLocaleString('en-US')
    element('playground-facts', HTMLElement).textContent =
      `${rows} rows in ${count} ${shards === 'slatedb' ? 'SlateDB' : 'SQLite'} shards, run ${runId.slice(0, 8)}`
  }
  const rowsOf = async (shards: Shards, found: readonly City[]): Promise<string[][]> => {
    const reader = await cities.open(shards)
    return found.map(({ id, name, country, population }) => [
      String(id),
      name,
      country,
      population.toLocaleString('en-US'),
      String(reader.shardFor(id).id),
    ])
  }

  onSubmit('playground-lookup', async (form) => {
    const [id, shards] = [numberIn(form, 'id'), chosenShards()]
    await open(shards)
    const city = await measure(`get(${id})`, () => cities.get(shards, id))
    showAnswer(HEAD, await rowsOf(shards, city === undefined ? [] : [city]))
  })
  onSubmit('playground-scan', async (form) => {
    const [start, limit, shards] = [
      numberIn(form, 'start'),
      numberIn(form, 'limit'),
      chosenShards(),
    ]
    await open(shards)
    const operation = `scanIter({ start: ${start} }, { limit: ${limit} })`
    showAnswer(
      HEAD,
      await rowsOf(shards, await measure(operation, () => cities.scan(shards, start, limit))),
    )
  })
  onSubmit('playground-search', async (form) => {
    const place = { latitude: numberIn(form, 'latitude'), longitude: numberIn(form, 'longitude') }
    const [count, population] = [numberIn(form, 'count'), numberIn(form, 'population')]
    await open('sqlite')
    const operation = `search(${place.latitude}°, ${place.longitude}°)`
    const found = await measure(operation, () => cities.near(place, { count, population }))
    const rows = await rowsOf(
      'sqlite',
      found.map(({ city }) => city),
    )
    const distances = found.map(({ kilometres }) => `${kilometres.toFixed(0)} km`)
    showAnswer(
      ['Distance', ...HEAD],
      rows.map((row, i) => [distances[i]!].concat(row)),
    )
  })

  await attempt(() => open(chosenShards()))
}

function chosenShards(): Shards {
  const form = element('playground-shards', HTMLFormElement)
  return new FormData(form).get('shards') === 'sqlite' ? 'sqlite' : 'slatedb'
}

function onSubmit(name: string, run: (form: HTMLFormElement) => Promise<void>): void {
  const form = element(name, HTMLFormElement)
  const button = form.querySelector('button')!
  button.disabled = false
  form.addEventListener('submit', (event) => {
    event.preventDefault()
    button.disabled = true
    void attempt(() => run(form)).finally(() => (button.disabled = false))
  })
}

/** Runs `work`, and shows its failure, if any. */
async function attempt(work: () => Promise<void>): Promise<void> {
  try {
    await work()
    say(READY)
  } catch (error) {
    say(error instanceof Error ? `${error.name}: ${error.message}` : String(error), true)
  }
}

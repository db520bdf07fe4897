// Reads the snapshot next to this page, with one reader for as long as the page is open.
import { HttpStore, jsonValues, SnapshotReader } from '@shardyfusion/core'
import { loadSlateDb } from 'slatedb-wasm'
import { Traffic } from './traffic.js'
import { addRow, element, numberIn, say, showFacts, showRows } from './view.js'

interface City {
  readonly id: number
  readonly name: string
  readonly country: string
  readonly population: number
}

const READY = 'Ready. Blocks are fetched on demand; blocks of lookups are cached in memory.'

const traffic = new Traffic()

const reader = await measured('open', openReader).catch((error: unknown) => {
  say(describe(error), 'problem')
  throw error
})
showFacts(reader.info())
say(READY)
onSubmit('lookup', lookUp)
onSubmit('scan', scan)

async function openReader() {
  // #region open
  await loadSlateDb(fetch(new URL('slatedb.wasm', import.meta.url)))

  const prefix = new URL('data', document.baseURI).href
  const snapshot = await SnapshotReader.open({
    prefix,
    // The store only counts requests; passing the prefix is enough.
    objects: new HttpStore(prefix, { fetch: traffic.fetch }),
    // The snapshot was written to a folder, and is now served from a URL.
    shardUrls: 'rebase',
    engine: 'wasm',
    values: jsonValues<City>(),
    keys: 'decoded',
  })
  // #endregion
  return snapshot
}

async function lookUp(form: HTMLFormElement): Promise<void> {
  const id = numberIn(form, 'id')!
  const city = await measured(`get(${id})`, () => reader.get(id))
  showCities(city === undefined ? [] : [city])
}

async function scan(form: HTMLFormElement): Promise<void> {
  const [start, end, limit] = ['start', 'end', 'limit'].map((name) => numberIn(form, name))
  const operation = `scanIter(${start} to ${end ?? 'the end'}, ${limit})`
  const cities = await measured(operation, async () => {
    const found: City[] = []
    for await (const [, city] of reader.scanIter({ start, end }, { limit })) found.push(city)
    return found
  })
  showCities(cities)
}

function showCities(cities: readonly City[]): void {
  const rows = cities.map(({ id, name, country, population }) => [
    String(id),
    name,
    country,
    population.toLocaleString('en-US'),
    String(reader.shardFor(id).id),
  ])
  showRows('answer', rows, 'No such city.')
}

/** Runs `work` and adds its time, requests and bytes to the list. */
async function measured<T>(operation: string, work: () => Promise<T>): Promise<T> {
  const before = traffic.total()
  const startedAt = performance.now()
  const result = await work()
  const ms = performance.now() - startedAt
  const { requests, bytes } = traffic.total()
  addRow('cost', [
    operation,
    `${ms.toFixed(ms < 10 ? 2 : 0)} ms`,
    String(requests - before.requests),
    (bytes - before.bytes).toLocaleString('en-US'),
  ])
  return result
}

function onSubmit(name: string, run: (form: HTMLFormElement) => Promise<void>): void {
  const form = element(name, HTMLFormElement)
  const button = form.querySelector('button')!
  button.disabled = false
  form.addEventListener('submit', (event) => {
    event.preventDefault()
    button.disabled = true
    run(form)
      .then(() => say(READY))
      .catch((error: unknown) => say(describe(error), 'problem'))
      .finally(() => (button.disabled = false))
  })
}

function describe(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error)
}

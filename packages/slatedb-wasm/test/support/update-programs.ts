import {
  MemoryStore,
  setCacheBudget,
  SlateDbReader,
  SlateDbTableUpdate,
  SlateDbTableWriter,
  type Entry,
  type ObjectStore,
} from 'slatedb-wasm'
import { asText, bytes, readAll, text } from './rows.js'
import { CODECS, keyMaker, randomNumbers, valueMaker } from './table-programs.js'

/** A change of one key; without a value it deletes. */
export type Change = readonly [key: Uint8Array, value: Uint8Array | undefined]

export interface MadeUpdate {
  readonly rows: number
  readonly counts: SlateDbTableUpdate['counts']
  readonly bounds: SlateDbTableUpdate['bounds']
  readonly sizes: ReadonlyMap<string, number>
}

/** Writes a new database from that in `from` and changes in ascending order, some at a time. */
export async function update(
  from: ObjectStore,
  to: ObjectStore,
  changes: readonly Change[],
  settings: Readonly<Record<string, unknown>> = {},
  changesPerChunk = 1000,
): Promise<MadeUpdate> {
  await using base = await SlateDbReader.open({ store: from })
  await using made = SlateDbTableUpdate.open({ store: to, base, settings })
  for (let i = 0; i < changes.length; i += changesPerChunk) {
    made.add(changes.slice(i, i + changesPerChunk).map(tagged))
    while (!(await made.step()));
  }
  made.add(undefined)
  while (!(await made.step()));
  const { counts, bounds } = made
  const { rows, sizes } = await made.seal()
  return { rows, counts, bounds, sizes }
}

function tagged([key, value]: Change): Entry {
  return [key, value === undefined ? Uint8Array.of(0) : Buffer.concat([Uint8Array.of(1), value])]
}

/**
 * Updates a database a few times with random changes, and compares each with a Map: rows, counts and bounds.
 *
 * Throws with the seed if they differ.
 */
export async function runUpdateProgram(seed: number): Promise<{ tables: number }> {
  const random = randomNumbers(seed)
  const [key, value] = [keyMaker(random), valueMaker(random)]
  const settings = (): Record<string, unknown> => ({
    l0_sst_size_bytes: 1 << (10 + random(8)),
    min_filter_keys: random(2) * 100,
    ...(random(2) === 0 ? {} : { compression_codec: CODECS[1 + random(CODECS.length - 1)] }),
  })
  await setCacheBudget(random(2) << 20)
  let model = new Map<string, Entry>()
  for (let n = random(3000); n > 0; n--) {
    const row: Entry = [key(), value()]
    model.set(text(row[0])!, row)
  }
  let store = new MemoryStore()
  await using writer = await SlateDbTableWriter.open({ store, settings: usable(settings()) })
  await writer.write([...model.values()])
  await writer.seal()
  let tables = 0
  for (let round = 1 + random(4); round > 0; round--) {
    const changes = new Map<string, Change>()
    const share = [1, 20, 400][random(3)]!
    for (const [name, [old, before]] of model) {
      if (random(share) > 0) continue
      const next = [undefined, before, value()][random(3)]
      changes.set(name, [old, next])
    }
    for (let n = random([2, 100, 1500][random(3)]!); n > 0; n--) {
      const [put, name] = putOf(key(), random(4) > 0 ? value() : undefined)
      changes.set(name, put)
    }
    const sorted = [...changes.values()].sort(([a], [b]) => Buffer.compare(a, b))
    const next = new Map(model)
    const counts = { read: model.size, written: 0, inserted: 0, replaced: 0, deleted: 0 }
    for (const [name, [changed, content]] of changes) {
      const old = model.get(name)
      if (content === undefined) {
        if (next.delete(name)) counts.deleted++
      } else {
        if (old === undefined) counts.inserted++
        else if (Buffer.compare(old[1], content) !== 0) counts.replaced++
        next.set(name, [changed, content])
      }
    }
    counts.written = next.size
    const to = new MemoryStore()
    const made = await update(store, to, sorted, usable(settings()), 1 + random(300))
    const rows = [...next.values()].sort(([a], [b]) => Buffer.compare(a, b))
    await compare(seed, to, rows, made, counts)
    tables = Math.max(tables, made.sizes.size - 1)
    ;[model, store] = [next, to]
  }
  return { tables }
}

function putOf(key: Uint8Array, value: Uint8Array | undefined): [Change, string] {
  return [[key, value], text(key)!]
}

function usable(settings: Record<string, unknown>): Record<string, unknown> {
  if (settings['compression_codec'] === undefined) delete settings['compression_codec']
  return settings
}

async function compare(
  seed: number,
  store: ObjectStore,
  rows: readonly Entry[],
  { rows: written, counts, bounds }: MadeUpdate,
  expected: SlateDbTableUpdate['counts'],
): Promise<void> {
  const fail = (what: string): never => {
    throw new Error(`seed ${seed}: ${what}`)
  }
  if (written !== rows.length) fail(`${written} rows instead of ${rows.length}`)
  if (JSON.stringify(counts) !== JSON.stringify(expected))
    fail(`${JSON.stringify(counts)} instead of ${JSON.stringify(expected)}`)
  const ends = rows.length === 0 ? undefined : [rows[0]![0], rows.at(-1)![0]]
  if (JSON.stringify(bounds?.map(text)) !== JSON.stringify(ends?.map(text)))
    fail(`bounds ${bounds?.map(text).join()} instead of ${ends?.map(text).join()}`)
  await using reader = await SlateDbReader.open({ store })
  const wanted = JSON.stringify(asText(rows))
  if (JSON.stringify(await readAll(reader.scan())) !== wanted) fail('the scan has other rows')
  const down = await readAll(reader.scan({}, { reverse: true }))
  if (JSON.stringify(down.reverse()) !== wanted) fail('the descending scan has other rows')
  const found = await reader.getMany([...rows.map(([key]) => key), bytes('no such key')])
  for (const [i, [key, value]] of rows.entries())
    if (text(found[i]) !== text(value)) fail(`another value of ${text(key)}`)
  if (found.length !== rows.length + 1 || found.at(-1) !== undefined) fail('a key too many')
}

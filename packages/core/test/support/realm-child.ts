// Uses core in a realm of its own, as users of Jest do. Arguments: a prefix. Prints what happened as JSON.
import { makeRealm } from './load-in-realm.js'

interface Core {
  writeSnapshot(rows: unknown, options: unknown): Promise<unknown>
  SnapshotReader: { open(options: unknown): Promise<Reader> }
}
interface Reader {
  get(key: unknown, options?: unknown): Promise<unknown>
  scanIter(range: unknown): AsyncIterable<unknown>
  close(): Promise<void>
}

const [prefix] = process.argv.slice(2)
const realm = makeRealm()
const entry = import.meta.resolve('@shardyfusion/core')
const { SnapshotReader, writeSnapshot } = (await realm.load(entry)) as unknown as Core
const inside = <T>(script: string): T => realm.run(`(${script})`) as T

const codeOf = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => 'none',
    (error: { code?: unknown }) => error.code,
  )

const missing = await codeOf(SnapshotReader.open({ prefix }))
// Keys and values of both realms, and Node's buffers.
const rows = [
  [Buffer.from('a'), Buffer.from('outer')],
  [inside<Uint8Array>('Uint8Array.of(98)'), inside<Uint8Array>('Uint8Array.of(1, 2)')],
]
await writeSnapshot(rows, { prefix, sharding: { shards: 2 }, keyEncoding: 'raw' })
const reader = await SnapshotReader.open({ prefix })
const texts = []
for (const key of [Uint8Array.of(97), inside('Uint8Array.of(97)'), Buffer.from('b')]) {
  const { signal } = new AbortController()
  texts.push(Buffer.from((await reader.get(key, { signal })) as Uint8Array).toString('latin1'))
}
const aborted = await codeOf(
  reader.get(Uint8Array.of(97), { signal: AbortSignal.abort({ code: 'the reason' }) }),
)
const notASignal = await codeOf(reader.get(Uint8Array.of(97), { signal: {} }))
await reader.close()

const json = inside<unknown[]>('[{ id: 1, tags: ["x"] }, { id: 2, tags: [] }]')
const workers = `${prefix}/workers`
await writeSnapshot(json, {
  prefix: workers,
  sharding: { shards: 2 },
  key: 'id',
  values: 'json',
  workers: 2,
})
const built = await SnapshotReader.open({ prefix: workers, values: 'json' })
const found = await built.get(1)
await built.close()

console.log(JSON.stringify({ missing, texts, aborted, notASignal, found }))

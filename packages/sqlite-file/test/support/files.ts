import { type Entry, MemorySink, type SqliteSource, SqliteFileWriter } from 'sqlite-file'

export const KV = 'CREATE TABLE kv (k BLOB PRIMARY KEY, v BLOB NOT NULL) WITHOUT ROWID'

/** A source over bytes in memory that records what it is asked for. */
export class WatchedSource implements SqliteSource {
  readonly size: number
  readonly reads: { offset: number; length: number }[] = []
  /** Reads that were begun while no other was under way. */
  rounds = 0
  #running = 0
  readonly #image: Uint8Array

  constructor(image: Uint8Array) {
    this.#image = image
    this.size = image.length
  }

  async read(offset: number, length: number): Promise<Uint8Array> {
    this.reads.push({ offset, length })
    if (this.#running++ === 0) this.rounds++
    await new Promise((resolve) => setImmediate(resolve))
    this.#running--
    return this.#image.slice(offset, offset + length)
  }

  /** Forgets what has been asked for. */
  reset(): void {
    this.reads.length = 0
    this.rounds = 0
  }
}

/** Key `i`: eight bytes, in order. */
export function key(i: number): Uint8Array {
  const bytes = new Uint8Array(8)
  new DataView(bytes.buffer).setBigUint64(0, BigInt(i))
  return bytes
}

export function numbered(rows: number, valueBytes: number): Entry[] {
  return Array.from({ length: rows }, (_, i) => [key(i), new Uint8Array(valueBytes).fill(i)])
}

/** A file with one table of keys and values. */
export async function keyValueFile(
  entries: Iterable<Entry>,
  pageSize?: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const sink = new MemorySink()
  const writer = new SqliteFileWriter(sink, { pageSize })
  const table = writer.createTable(KV)
  for (const [k, v] of entries) table.put(k, v)
  await writer.finish()
  return sink.image()
}

export function hex(bytes: Uint8Array | undefined): string | undefined {
  return bytes === undefined ? undefined : Buffer.from(bytes).toString('hex')
}

/** Entries of chunks, as hex. */
export function flat(chunks: Iterable<Iterable<Entry>>): string[][] {
  const entries: string[][] = []
  for (const chunk of chunks) for (const [k, v] of chunk) entries.push([hex(k)!, hex(v)!])
  return entries
}

export function asHex(entries: readonly Entry[]): string[][] {
  return entries.map(([k, v]) => [hex(k)!, hex(v)!])
}

/** All chunks of an asynchronous scan. */
export async function gathered<T>(chunks: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const chunk of chunks) all.push(chunk)
  return all
}

/** Numbers from 0 up to `below`, the same at every run. */
export function seeded(seed: number): (below: number) => number {
  let x = seed
  return (below) => {
    x ^= x << 13
    x ^= x >>> 17
    x ^= x << 5
    return (x >>> 0) % below
  }
}

import type { KeyRange } from '@shardyfusion/core'
import type { Database, SnapshotFacts } from '../database.js'
import { Refusal } from '../failure.js'
import { integerOfStored, wordOfKey } from '../keys.js'
import { type Client, type CommandSpec, NO_KEYS } from './client.js'
import { Glob } from './glob.js'

const READ = ['readonly', 'fast']
const ONE_KEY = [1, 1, 1] as const
const ALL_KEYS = [1, -1, 1] as const
/** Entries of a page of `SCAN` without `COUNT`, as in Redis. */
const DEFAULT_COUNT = 10
const MAX_CURSOR = 2n ** 64n - 1n

/** Commands that read the snapshot. */
export const READ_COMMANDS: readonly CommandSpec[] = [
  {
    name: 'get',
    arity: 2,
    flags: READ,
    readsKeys: true,
    keys: ONE_KEY,
    group: 'string',
    summary: 'Returns the value of a key.',
    run: (client) => client.lookUp('value', 1, 1),
  },
  {
    name: 'mget',
    arity: -2,
    flags: READ,
    readsKeys: true,
    keys: ALL_KEYS,
    group: 'string',
    summary: 'Returns the values of keys, all from one snapshot.',
    run: (client) => client.lookUp('values', 1, client.words - 1),
  },
  {
    name: 'exists',
    arity: -2,
    flags: READ,
    readsKeys: true,
    keys: ALL_KEYS,
    group: 'generic',
    summary: 'Counts the keys that exist.',
    run: (client) => client.lookUp('count', 1, client.words - 1),
  },
  {
    name: 'strlen',
    arity: 2,
    flags: READ,
    readsKeys: true,
    keys: ONE_KEY,
    group: 'string',
    summary: 'Returns the number of bytes of a value.',
    run: (client) => client.lookUp('length', 1, 1),
  },
  {
    name: 'type',
    arity: 2,
    flags: READ,
    readsKeys: true,
    keys: ONE_KEY,
    group: 'generic',
    summary: 'Returns string, or none for a key that does not exist.',
    run: (client) => client.lookUp('type', 1, 1),
  },
  {
    name: 'dbsize',
    arity: 1,
    flags: READ,
    readsKeys: true,
    keys: NO_KEYS,
    group: 'server',
    summary: 'Returns the number of rows of the snapshot.',
    run: ({ out, database }) => out.integer(database.current().rowCount),
  },
  {
    name: 'scan',
    arity: -2,
    flags: ['readonly'],
    readsKeys: true,
    keys: NO_KEYS,
    group: 'generic',
    summary: 'Iterates over the keys, in their order.',
    run: scan,
  },
  {
    name: 'keys',
    arity: 2,
    flags: ['readonly'],
    readsKeys: true,
    keys: NO_KEYS,
    group: 'generic',
    summary: 'Returns the keys that match a pattern, up to a limit.',
    run: (client) => {
      const pattern = new Glob(new Uint8Array(client.word(1)))
      const { database, out, host } = client
      const { maxKeys, maxScanEntries } = host.limits
      client.later(async () => {
        const page = await readPage(client, database, pattern, undefined, maxScanEntries)
        if (page.next !== undefined)
          throw new Refusal('SHARD_BUSY', `KEYS looks at ${maxScanEntries} keys at most; use SCAN`)
        if (page.keys.length > maxKeys)
          throw new Refusal('SHARD_BUSY', `KEYS returns ${maxKeys} keys at most; use SCAN`)
        return () => {
          out.array(page.keys.length)
          for (const key of page.keys) out.bulk(key)
        }
      })
    },
  },
]

function scan(client: Client): void {
  const { database, out, host } = client
  const cursor = client.text(1)
  if (!/^[0-9]{1,20}$/.test(cursor) || BigInt(cursor) > MAX_CURSOR)
    return client.refuse('ERR invalid cursor')
  let pattern: Glob | undefined
  let count = DEFAULT_COUNT
  let isOther = false
  for (let i = 2; i < client.words; i += 2) {
    const option = client.option(i)
    if (i + 1 === client.words) return client.refuse('ERR syntax error')
    if (option === 'match') pattern = new Glob(new Uint8Array(client.word(i + 1)))
    else if (option === 'type') isOther = client.option(i + 1) !== 'string'
    else if (option === 'count') {
      const text = client.text(i + 1)
      if (!/^[0-9]{1,15}$/.test(text) || Number(text) < 1)
        return client.refuse('ERR value is not an integer or out of range')
      count = Number(text)
    } else return client.refuse('ERR syntax error')
  }
  const start = startOf(client, cursor)
  if (start === 'unknown')
    return client.refuse('ERR the cursor is unknown or too old; start again with SCAN 0')
  const limit = Math.min(count, host.limits.maxKeys)
  client.later(async () => {
    const page = isOther
      ? { keys: [], next: undefined }
      : await readPage(client, database, pattern, start, limit)
    const facts = database.current()
    const next = page.next === undefined ? '0' : cursorOf(client, database, page.next, facts)
    return () => {
      out.array(2)
      out.bulkText(next)
      out.array(page.keys.length)
      for (const key of page.keys) out.bulk(key)
    }
  })
}

/** Returns the first key that a cursor asks for; `undefined` for the start. */
function startOf(
  { host, database }: Client,
  cursor: string,
): bigint | Uint8Array | undefined | 'unknown' {
  const value = BigInt(cursor)
  if (value === 0n) return undefined
  const { keyEncoding } = database.current()
  if (keyEncoding === 'u64be') return value
  if (keyEncoding === 'u32be') return value < 2n ** 32n ? value : 'unknown'
  return host.cursors.find(database.index, Number(value)) ?? 'unknown'
}

/** An integer key is its own cursor; the key 0 is the start. Other keys are stored. */
function cursorOf(
  { host }: Client,
  database: Database,
  next: Uint8Array,
  { keyEncoding }: SnapshotFacts,
): string {
  if (keyEncoding === 'utf8' || keyEncoding === 'raw')
    return String(host.cursors.add(database.index, next))
  return String(integerOfStored(next))
}

interface Page {
  /** Matching keys, as clients send them. */
  readonly keys: readonly Uint8Array[]
  /** Stored key of the entry behind the page; `undefined` at the end. */
  readonly next: Uint8Array | undefined
}

/** Reads `limit` entries from `start` on, and keeps the keys that match. */
async function readPage(
  { host }: Client,
  database: Database,
  pattern: Glob | undefined,
  start: bigint | Uint8Array | undefined,
  limit: number,
): Promise<Page> {
  return host.scans.run(async (signal) => {
    const facts = database.current()
    const isText = facts.keyEncoding === 'utf8' || facts.keyEncoding === 'raw'
    const prefix = isText ? pattern?.prefix : undefined
    const range: KeyRange = { start, prefix: prefix?.length === 0 ? undefined : prefix }
    const options = { limit: limit + 1, signal }
    const keys: Uint8Array[] = []
    let seen = 0
    await using entries = database.reader.scanIter(range, options)
    for await (const chunk of entries.chunks()) {
      for (let i = 0; i < chunk.count; i++) {
        const stored = chunk.key(i)
        if (seen++ === limit) return { keys, next: new Uint8Array(stored) }
        const word = wordOfKey(stored, facts)
        if (pattern === undefined || pattern.matches(word)) keys.push(new Uint8Array(word))
      }
    }
    return { keys, next: undefined }
  })
}

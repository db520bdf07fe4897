import type { Key, ReadOptions, SnapshotReader } from '@shardyfusion/core'
import type { Database } from './database.js'
import { Refusal } from './failure.js'
import { hashOfKey } from './hash-of-key.js'

export type Values = readonly (Uint8Array | undefined)[]

/** Code of the error of a reply that would be too large. */
export const TOO_LARGE = 'TOO_LARGE'

/** Keys of the first part: their values say how many the next part may have. */
const FIRST_KEYS = 1024
const MAX_KEYS = 100_000
const MAX_MOVES = 3

/**
 * Returns the values of keys, all from one snapshot, if they take at most `maxBytes`.
 *
 * Each key is read once, however often it is in the list, and many keys are read in parts: the size
 * of values is not known before. Errors: Refusal; those of `getMany`.
 */
export async function lookUpBounded(
  database: Database,
  reader: SnapshotReader,
  keys: readonly Key[],
  /** The same keys as the client sent them. */
  words: readonly Uint8Array[],
  options: ReadOptions,
  maxBytes: number,
): Promise<Values> {
  const { distinct, positions } = withoutRepeats(keys, words)
  for (let moves = 0; ; moves++) {
    const { snapshot } = database.current()
    const found = await readInParts(database, reader, distinct, options, maxBytes)
    // A publication during the call; the parts would be of two snapshots.
    if (database.current().snapshot !== snapshot && distinct.length > FIRST_KEYS) {
      if (moves < MAX_MOVES) continue
      throw new Refusal('SHARD_BUSY', 'the snapshot changed during the request; retry later', true)
    }
    const values = positions === undefined ? found : positions.map((at) => found[at])
    requireBytes(sumOf(values), values.length, maxBytes)
    return values
  }
}

async function readInParts(
  { valueBytes }: Database,
  reader: SnapshotReader,
  keys: readonly Key[],
  options: ReadOptions,
  maxBytes: number,
): Promise<Values> {
  if (keys.length <= FIRST_KEYS) {
    const values = await reader.getMany(keys, options)
    valueBytes.add(keys.length, sumOf(values))
    return values
  }
  const all: (Uint8Array | undefined)[] = []
  let bytes = 0
  while (all.length < keys.length) {
    const count = all.length === 0 ? FIRST_KEYS : valueBytes.keysOf(maxBytes / 4, MAX_KEYS)
    const values = await reader.getMany(keys.slice(all.length, all.length + count), options)
    const more = sumOf(values)
    valueBytes.add(values.length, more)
    bytes += more
    requireBytes(bytes, keys.length, maxBytes)
    for (const value of values) all.push(value)
  }
  return all
}

function withoutRepeats(keys: readonly Key[], words: readonly Uint8Array[]) {
  const all = { distinct: keys, positions: undefined }
  // Almost no request repeats a key: numbers show that at a fraction of the cost of texts.
  if (keys.length < 2 || new Set(words.map((word) => hashOfKey(word))).size === keys.length)
    return all
  const at = new Map<string, number>()
  const distinct: Key[] = []
  const positions = keys.map((key, i) => {
    const id = Buffer.from(words[i]!).toString('latin1')
    const known = at.get(id)
    if (known !== undefined) return known
    at.set(id, distinct.length)
    return distinct.push(key) - 1
  })
  return distinct.length === keys.length ? all : { distinct, positions }
}

function requireBytes(bytes: number, keys: number, maxBytes: number): void {
  if (keys < 2 || bytes <= maxBytes) return
  throw new Refusal(
    TOO_LARGE,
    `${keys} values take ${bytes} bytes or more, above ${maxBytes}; send several requests`,
  )
}

function sumOf(values: Values): number {
  let bytes = 0
  for (const value of values) bytes += value?.length ?? 0
  return bytes
}

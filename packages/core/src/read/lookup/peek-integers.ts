import { isIntegerEncoding, widthOf, writeIntegerKey } from '../../keys/stored-bytes.js'
import { HashRouter } from '../../routing/hash-router.js'
import type { Key } from '../../types.js'
import type { SessionSnapshot } from '../session/session-hooks.js'

const FIRST_KEYS = 1024
const MIN_SHARDS = 64
/** Memory for more keys is not kept. */
const MAX_KEPT_KEYS = 65_536

/** Memory for the keys of one synchronous call: as they come, then by shard. */
let room = 0
let written = new Uint8Array(0)
let sorted = new Uint8Array(0)
let shardOf = new Int32Array(0)
let positions = new Int32Array(0)

/**
 * Looks up integer keys of a batch in the memory of the engine, without an object for each: puts
 * their values at their positions.
 *
 * Returns the positions of the other keys by shard, or `undefined` if the batch is not of that kind:
 * then nothing was done. Errors: those of routing and encoding.
 */
export function peekIntegers(
  state: SessionSnapshot<unknown>,
  keys: readonly Key[],
  values: (Uint8Array | undefined)[],
  where: string,
): Map<number, number[]> | undefined {
  const { router } = state
  const { keyEncoding, entries } = state.manifest
  if (!isIntegerEncoding(keyEncoding) || !(router instanceof HashRouter)) return undefined
  const count = keys.length
  // A pass over all shards must not take longer than one over the keys.
  if (router.shards > MIN_SHARDS + count) return undefined
  const width = widthOf(keyEncoding)
  if (count > room) makeRoom(count)
  const starts = new Int32Array(router.shards + 1)
  for (let i = 0; i < count; i++) {
    const key = keys[i]!
    const shard = router.route(key)
    if (!writeIntegerKey(key, keyEncoding, where, written, i * width)) return undefined
    shardOf[i] = shard
    starts[shard + 1]!++
  }
  for (let shard = 0; shard < router.shards; shard++) starts[shard + 1]! += starts[shard]!
  const packed = router.shards === 1 ? written : sortByShard(count, width, starts.slice())
  if (packed === written) for (let i = 0; i < count; i++) positions[i] = i
  const left = new Map<number, number[]>()
  for (let shard = 0; shard < router.shards; shard++) {
    const [start, end] = [starts[shard]!, starts[shard + 1]!]
    if (start === end || entries[shard]!.url === undefined) continue
    const own = packed.subarray(start * width, end * width)
    const at = positions.subarray(start, end)
    if (!state.peekPacked(shard, own, width, values, at)) left.set(shard, [...at])
  }
  if (room > MAX_KEPT_KEYS) makeRoom(0)
  return left
}

/** Writes the keys by shard, with their positions; `next` is where the keys of each shard begin. */
function sortByShard(count: number, width: number, next: Int32Array): Uint8Array {
  for (let i = 0; i < count; i++) {
    const place = next[shardOf[i]!]!++
    positions[place] = i
    for (let byte = 0; byte < width; byte++) {
      sorted[place * width + byte] = written[i * width + byte]!
    }
  }
  return sorted
}

function makeRoom(count: number): void {
  room = Math.max(FIRST_KEYS, 2 * count)
  written = new Uint8Array(8 * room)
  sorted = new Uint8Array(8 * room)
  shardOf = new Int32Array(room)
  positions = new Int32Array(room)
}

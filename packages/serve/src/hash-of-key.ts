// The start differs in each process, so that chosen keys cannot fill one run of slots.
const SEED = Math.floor(Math.random() * 2 ** 32) | 0

/** Returns 32 bits of the key `bytes[from … to)`, from 4 bytes at a time (the mixing of MurmurHash3). */
export function hashOfKey(key: Uint8Array, from = 0, to = key.length): number {
  let hash = SEED ^ (to - from)
  let i = from
  for (; i + 4 <= to; i += 4) {
    hash = mixed(hash, key[i]! | (key[i + 1]! << 8) | (key[i + 2]! << 16) | (key[i + 3]! << 24))
  }
  let tail = 0
  for (; i < to; i++) tail = (tail << 8) | key[i]!
  hash = mixed(hash, tail)
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}

function mixed(hash: number, word: number): number {
  word = Math.imul(word, 0xcc9e2d51)
  word = Math.imul((word << 15) | (word >>> 17), 0x1b873593)
  hash ^= word
  return (Math.imul((hash << 13) | (hash >>> 19), 5) + 0xe6546b64) | 0
}

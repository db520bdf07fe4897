/** Number of values of the vector of a name. */
export const NAME_DIMENSIONS = 256

/**
 * Makes a vector of a name from its letters: pairs and triples of them, hashed to the dimensions.
 *
 * Names that are spelled alike have near vectors. No model and no download is needed. Accents and case do not count.
 */
export function nameVector(name: string): Float32Array {
  const vector = new Float32Array(NAME_DIMENSIONS)
  const letters = `^${plain(name)}$`
  for (const size of [2, 3]) {
    for (let at = 0; at + size <= letters.length; at++) {
      const hash = fnv1a(letters, at, at + size)
      // The lowest bit is the sign, so that two parts that share a place do not always add up.
      vector[(hash >>> 1) % NAME_DIMENSIONS]! += (hash & 1) === 0 ? 1 : -1
    }
  }
  // All parts may cancel each other; zeros have no direction.
  if (vector.every((value) => value === 0)) vector[0] = 1
  return vector
}

/** Lower case without accents. */
function plain(name: string): string {
  return name.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase()
}

function fnv1a(text: string, start: number, end: number): number {
  let hash = 0x811c9dc5
  for (let i = start; i < end; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  // The last letters reach only the low bits otherwise.
  hash ^= hash >>> 15
  return Math.imul(hash, 0x85ebca6b) >>> 0
}

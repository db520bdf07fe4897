import { clustered } from './vectors.js'

const COUNT = 2000

export const DOCUMENT_DIMENSIONS = 16
export const documentVectors = clustered(COUNT, DOCUMENT_DIMENSIONS, 12, 4)

/** Vectors without keys, with what divides them into shards. */
export const documents = Array.from({ length: COUNT }, (_, id) => ({
  id: `doc-${id}`,
  vector: documentVectors.subarray(id * DOCUMENT_DIMENSIONS, (id + 1) * DOCUMENT_DIMENSIONS),
  payload: { n: id },
  shard: id % 5,
  lang: id % 3 === 0 ? 'de' : 'en',
}))

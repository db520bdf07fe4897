import type { VectorQueries } from '../../engine/vector-engine.js'
import { invalidValue } from '../../errors/error-factories.js'
import { describeValue } from '../../options/describe-value.js'
import { checkedVector, isFloat32Array, type VectorInput } from '../../options/vector-values.js'

/** Queries of `searchMany`: a list of vectors, or all their values one after the other. */
export type QueryInput = readonly VectorInput[] | Float32Array

interface Settings {
  readonly dimensions: number
  readonly metric: string
}

/** Checks the query of a search. Errors: SHARD_INVALID_VALUE. */
export function oneQuery(vector: VectorInput, settings: Settings, where: string): VectorQueries {
  // A copy: the caller may reuse the array while the search runs.
  const values = checkedVector(vector, settings, where).slice()
  return { values, count: 1, dimensions: settings.dimensions }
}

/** Checks the queries of a search. Errors: SHARD_INVALID_VALUE, naming the query. */
export function manyQueries(given: QueryInput, settings: Settings, where: string): VectorQueries {
  const { dimensions } = settings
  const list = isFloat32Array(given) ? rowsOf(given, dimensions, where) : given
  if (!Array.isArray(list)) {
    throw invalidValue(
      where,
      `queries must be a list of vectors, or a Float32Array of their values, got ${describeValue(given)}`,
    )
  }
  const values = new Float32Array(list.length * dimensions)
  for (const [i, vector] of (list as readonly VectorInput[]).entries())
    values.set(checkedVector(vector, settings, `${where}: query ${i}`), i * dimensions)
  return { values, count: list.length, dimensions }
}

function rowsOf(matrix: Float32Array, dimensions: number, where: string): Float32Array[] {
  if (matrix.length % dimensions !== 0) {
    throw invalidValue(
      where,
      `queries in one Float32Array must have a multiple of ${dimensions} values (the dimensions), got ${matrix.length}`,
    )
  }
  return Array.from({ length: matrix.length / dimensions }, (_, i) =>
    matrix.subarray(i * dimensions, (i + 1) * dimensions),
  )
}

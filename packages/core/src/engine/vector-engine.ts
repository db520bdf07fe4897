import type { VectorId } from '../chunk/vector-chunk.js'

// The part of the contract of engines that is about vectors. An engine without it omits the methods.

/** Distance metrics of snapshots, by their names in a manifest. A smaller distance is nearer. */
export type VectorMetric = 'cosine' | 'l2' | 'dot_product'

/** The vectors of a snapshot, which all have the same number of values. */
export interface VectorSettings {
  /** Numbers in a vector. */
  readonly dimensions: number
  /** How the distance of two vectors is measured. */
  readonly metric: VectorMetric
  /** How vectors are indexed, as a manifest records it; engines of one format may differ. */
  readonly indexType?: string | undefined
}

/** Queries of one call: `count` × `dimensions` values. */
export interface VectorQueries {
  /** The numbers of all queries, one after the other. */
  readonly values: Float32Array
  /** Number of queries. */
  readonly count: number
  /** Numbers in a vector. */
  readonly dimensions: number
}

/** A vector as a filter sees it; the payload is parsed JSON. */
export interface VectorCandidate {
  /** Id of the vector. */
  readonly id: VectorId
  /** The payload that was written with the vector. */
  readonly payload: unknown
}

/** Options of a search in one shard. */
export interface EngineSearchOptions {
  /** Number of vectors to find for each query; fewer only if the shard has fewer. */
  readonly topK: number
  /** Finds the truly nearest; otherwise an index may answer. */
  readonly exact?: boolean | undefined
  /** Share of the truly nearest that an index should find, such as 0.95. */
  readonly recall?: number | undefined
  /** Leaves out vectors that are farther than this. */
  readonly maxDistance?: number | undefined
  /** Leaves out vectors for which it returns false: others take their place. */
  readonly filter?: ((candidate: VectorCandidate) => boolean) | undefined
  /** Ends the call with the reason of the signal. */
  readonly signal?: AbortSignal | undefined
}

/** The nearest vectors of one shard, query by query, nearest first. */
export interface ShardHits {
  /** Number of vectors found for each query. */
  readonly counts: Uint32Array
  /** Their distances; finite, or Infinity for stored vectors that are not. */
  readonly scores: Float64Array
  /** Numbers by which `vectorRows` of the same shard finds them, for as long as the shard exists. */
  readonly rows: Float64Array
}

/** Ids and payloads of vectors, in the order of the rows that were asked for. */
export interface VectorRows {
  /** Id of each vector. */
  readonly ids: readonly VectorId[]
  /** JSON text, or `undefined`. */
  readonly payloads: readonly (Uint8Array | undefined)[]
}

/** Some stored vectors and their ids. */
export interface VectorSample {
  /** Id of each vector. */
  readonly ids: readonly VectorId[]
  /** The vectors, in the order of their ids. */
  readonly vectors: readonly Float32Array[]
}

/** Facts about the vectors of one shard. */
export interface ShardVectorFacts {
  /** Number of vectors. */
  readonly count: number
  /** Numbers in a vector. */
  readonly dimensions: number
  /** How the distance of two vectors is measured. */
  readonly metric: VectorMetric
  /** How searches find them, such as `exact` or `ivf`. */
  readonly index: string
}

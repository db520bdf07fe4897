import type {
  CelShardingOption,
  RoutingContext,
  SnapshotWriterOptions,
  VectorInput,
  VectorMetric,
} from '@shardyfusion/core'
import { integer } from '@shardyfusion/core/internal-vector'
import * as v from 'valibot'
import type { Matrix } from './npy.js'

/** How vectors are distributed over shards. */
export type VectorShardingOption =
  /** By the nearest of centroids that are trained on the vectors: on `sample` of them, 100,000 by default. */
  | { clusters: number; sample?: number | undefined; seed?: number | undefined }
  /** By the nearest of your centroids, one for each shard. */
  | { centroids: Matrix | readonly VectorInput[] }
  /** By the sides of random hyperplanes: `bits` of them, or yours. */
  | {
      lsh: number
      bits?: number | undefined
      seed?: number | undefined
      hyperplanes?: Matrix | undefined
    }
  /** As the records say, by the option `shard`. */
  | { explicit: number }
  /** By a CEL expression over columns of the records. */
  | (Omit<CelShardingOption, 'values'> & { values?: readonly (bigint | string)[] | undefined })

/** A part of a record: a property name or a function. */
export type Accessor<T, R> = (keyof T & string) | ((record: T, index: number) => R)

/** Options of `writeVectors`. */
export interface WriteVectorsOptions<T> extends Omit<
  SnapshotWriterOptions,
  'sharding' | 'vector' | 'keyEncoding' | 'keyColumn' | 'values'
> {
  /** Number of values of each vector. */
  dimensions: number
  /** Distance that searches use; `'cosine'` by default. */
  metric?: VectorMetric | undefined
  /** How vectors are assigned to shards. */
  sharding: VectorShardingOption
  /** Number of shards that searches ask by default, the nearest first; 1 by default. */
  probes?: number | undefined
  /** The id of a record: a property name or a function; `'id'` by default. */
  id?: Accessor<T, bigint | number | string> | undefined
  /** The vector of a record; `'vector'` by default. */
  vector?: Accessor<T, VectorInput> | undefined
  /** JSON data of a record; `'payload'` by default. */
  payload?: Accessor<T, unknown> | undefined
  /** The shard of a record, for explicit sharding; `'shard'` by default. */
  shard?: Accessor<T, number> | undefined
  /** Columns for a CEL expression; by default those of the record, by name. */
  context?: ((record: T, index: number) => RoutingContext) | undefined
}

const MAX_SHARDS = 65536
const seed = v.optional(integer(0, 'seed'), 42)
const matrix = v.custom<Matrix>(
  (value) => typeof (value as Matrix | null)?.rows === 'number' && 'values' in (value as object),
  'must be a matrix, { rows, columns, values }; readNpy() makes one',
)

export const vectorShardingSchema = v.union(
  [
    v.strictObject({
      clusters: integer(1, 'shards', MAX_SHARDS),
      sample: v.optional(integer(1, 'vectors'), 100_000),
      seed,
    }),
    v.strictObject({
      centroids: v.union([
        matrix,
        v.array(v.custom<VectorInput>((value) => typeof value === 'object')),
      ]),
    }),
    v.strictObject({
      lsh: integer(1, 'shards', MAX_SHARDS),
      bits: v.optional(integer(1, 'bits', 64)),
      seed,
      hyperplanes: v.optional(matrix),
    }),
    v.strictObject({ explicit: integer(1, 'shards', MAX_SHARDS) }),
    v.strictObject({
      cel: v.string(),
      columns: v.record(
        v.string(),
        v.picklist(['int', 'uint', 'string', 'bytes', 'double', 'bool']),
      ),
      values: v.optional(v.array(v.union([v.bigint(), v.string()]))),
      shards: v.optional(integer(1, 'shards', MAX_SHARDS)),
    }),
  ],
  'must be { clusters: 8 }, { centroids }, { lsh: 8 }, { explicit: 8 } or { cel, columns, values or shards }, with ' +
    'whole numbers of 1 or more',
)

export const writeVectorsSchema = v.object({
  dimensions: integer(1, 'values', 65536),
  metric: v.optional(
    v.picklist(['cosine', 'l2', 'dot_product'], 'must be cosine, l2 or dot_product'),
    'cosine',
  ),
  sharding: vectorShardingSchema,
  probes: v.optional(integer(1, 'shards'), 1),
})

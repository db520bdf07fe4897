import type { RoutingContext, VectorInput, VectorMetric } from '@shardyfusion/core'
import { invalidOption, isFloat32Array, openRouter } from '@shardyfusion/core/internal-vector'
import type { InferOutput } from 'valibot'
import { seededGaussian } from '../kmeans/random.js'
import type { Matrix } from './npy.js'
import { ClusterRouter, LshRouter, type VectorRouter } from './vector-router.js'
import type { vectorShardingSchema } from './write-vectors-options.js'

export type ParsedSharding = InferOutput<typeof vectorShardingSchema>

/** How a build distributes vectors, and what its manifest says about it. */
export interface WritingRouter {
  readonly strategy: 'cluster' | 'lsh' | 'explicit' | 'cel'
  readonly byVector?: VectorRouter | undefined
  readonly byContext?: ((context: RoutingContext) => number) | undefined
  /** An object that readers need, and the field that names it. */
  readonly artefact?: { readonly name: string; readonly field: string; readonly matrix: Matrix }
  readonly fields: Readonly<Record<string, unknown>>
}

interface Settings {
  readonly dimensions: number
  readonly metric: VectorMetric
}

const WHERE = 'writeVectors'

/** Number of shards of a sharding. Errors: SHARD_INVALID_OPTION. */
export function shardCount(sharding: ParsedSharding): number {
  if ('clusters' in sharding) return sharding.clusters
  if ('lsh' in sharding) return sharding.lsh
  if ('explicit' in sharding) return sharding.explicit
  if ('centroids' in sharding) {
    const { centroids } = sharding
    const rows = 'rows' in centroids ? centroids.rows : centroids.length
    if (rows > 0) return rows
    throw invalidOption(WHERE, 'sharding.centroids must have one centroid for each shard, got none')
  }
  const shards = sharding.values?.length ?? sharding.shards
  if (shards !== undefined && shards > 0) return shards
  throw invalidOption(
    WHERE,
    'sharding.cel needs values (one for each shard), or shards if the result is the shard itself',
  )
}

export function clusterRouter(centroids: Matrix, { dimensions, metric }: Settings): WritingRouter {
  if (centroids.columns !== dimensions) {
    throw invalidOption(
      WHERE,
      `sharding.centroids must have ${dimensions} columns (the dimensions), got ${centroids.columns}`,
    )
  }
  requireFinite(centroids, 'centroids')
  return {
    strategy: 'cluster',
    byVector: new ClusterRouter(centroids, metric),
    artefact: { name: 'centroids.npy', field: 'centroids_ref', matrix: centroids },
    fields: {},
  }
}

/** The router of a sharding that needs no training. Errors: SHARD_INVALID_OPTION, SHARD_ROUTING. */
export async function plainRouter(
  sharding: Exclude<ParsedSharding, { clusters: number }>,
  settings: Settings,
): Promise<WritingRouter> {
  const { dimensions } = settings
  if ('explicit' in sharding) return { strategy: 'explicit', fields: {} }
  if ('centroids' in sharding)
    return clusterRouter(matrixOf(sharding.centroids, dimensions), settings)
  if ('lsh' in sharding) {
    const { lsh: shards, bits, seed, hyperplanes } = sharding
    const planes = hyperplanes ?? randomPlanes(bits ?? defaultBits(shards), dimensions, seed)
    if (planes.columns !== dimensions || planes.rows < 1 || planes.rows > 64) {
      throw invalidOption(
        WHERE,
        `sharding.hyperplanes must have 1 to 64 rows of ${dimensions} columns, got ${planes.rows} of ${planes.columns}`,
      )
    }
    requireFinite(planes, 'hyperplanes')
    return {
      strategy: 'lsh',
      byVector: new LshRouter(planes, shards),
      artefact: { name: 'hyperplanes.npy', field: 'hyperplanes_ref', matrix: planes },
      fields: { num_hash_bits: planes.rows },
    }
  }
  const { cel, columns, values } = sharding
  const spec = {
    strategy: 'cel',
    hashAlgorithm: 'xxh3_64',
    celExpr: cel,
    celColumns: columns,
    routingValues: values,
  } as const
  const router = await openRouter(spec, shardCount(sharding), { writing: true })
  return {
    strategy: 'cel',
    byContext: (context) => router.route('', context),
    fields: {
      cel_expr: cel,
      cel_columns: columns,
      ...(values !== undefined && { routing_values: values }),
    },
  }
}

/** A number that is not finite makes distances that are not numbers, of which none is the least. */
function requireFinite({ values, columns }: Matrix, name: string): void {
  const at = values.findIndex((value) => !Number.isFinite(value))
  if (at < 0) return
  throw invalidOption(
    WHERE,
    `sharding.${name} must have finite numbers, got ${values[at]} as value ${at % columns} of row ${Math.floor(at / columns)}`,
  )
}

function matrixOf(given: Matrix | readonly VectorInput[], dimensions: number): Matrix {
  if ('rows' in given) return given
  const values = new Float32Array(given.length * dimensions)
  for (const [i, row] of given.entries()) {
    if (row.length !== dimensions) {
      throw invalidOption(
        WHERE,
        `sharding.centroids must have ${dimensions} values each (the dimensions), got ${row.length} in centroid ${i}`,
      )
    }
    values.set(isFloat32Array(row) ? row : Float32Array.from(row), i * dimensions)
  }
  return { rows: given.length, columns: dimensions, values }
}

/** Enough bits for twice as many codes as shards, so that the shards have about the same size. */
function defaultBits(shards: number): number {
  return Math.min(64, Math.max(4, Math.ceil(Math.log2(shards)) + 3))
}

function randomPlanes(bits: number, dimensions: number, seed: number): Matrix {
  const gaussian = seededGaussian(seed)
  const values = Float32Array.from({ length: bits * dimensions }, gaussian)
  return { rows: bits, columns: dimensions, values }
}

import type { CelType, RoutingContext, RoutingValue } from '@shardyfusion/core'
import type { Manifest, ShardRouter, SnapshotPlace, VectorMetric } from '@shardyfusion/core/extend'
import {
  bytesValue,
  describeValue,
  manifestError,
  openRouter,
  vectorFields,
} from '@shardyfusion/core/internal-vector'
import { readNpy } from './npy.js'
import { ClusterRouter, LshRouter, type VectorRouter } from './vector-router.js'

export type VectorStrategy = 'cluster' | 'lsh' | 'explicit' | 'cel'

/** How the vectors of a snapshot without keys are distributed (wire-format §15). */
export interface VectorSharding {
  readonly strategy: VectorStrategy
  readonly dimensions: number
  readonly metric: VectorMetric
  readonly totalVectors: number
  /** Number of shards that a search asks by default. */
  readonly probes: number
  /** Set for `cluster` and `lsh`. */
  readonly byVector: VectorRouter | undefined
  /** Set for `cel`: the shard by the columns of a context. */
  readonly byContext: ((context: RoutingContext) => number) | undefined
}

const STRATEGIES: ReadonlySet<unknown> = new Set(['cluster', 'lsh', 'explicit', 'cel'])
const WHERE = 'VectorReader'

/**
 * Reads how a snapshot is sharded, with the centroids or hyperplanes that this needs.
 *
 * Errors: SHARD_MANIFEST for fields that cannot be read, or an object that is missing or has another form.
 */
export async function readVectorSharding(
  manifest: Manifest,
  place: SnapshotPlace,
): Promise<VectorSharding> {
  const vectors = vectorFields(manifest, WHERE)!
  const { fields, dimensions, metric } = vectors
  const { sharding_strategy: strategy = 'explicit', num_probes: probes = 1 } = fields
  if (!STRATEGIES.has(strategy))
    throw refuse(manifest, 'sharding_strategy', 'cluster, lsh, explicit or cel', strategy)
  const plain = {
    strategy: strategy as VectorStrategy,
    dimensions,
    metric,
    totalVectors: Number(fields['total_vectors'] ?? 0),
    probes: Number.isInteger(Number(probes)) ? Math.max(1, Number(probes)) : 1,
    byVector: undefined,
    byContext: undefined,
  }
  switch (strategy) {
    case 'cluster': {
      const centroids = await readMatrix('centroids_ref', manifest, place, dimensions)
      if (centroids.rows !== manifest.shards)
        throw refuse(
          manifest,
          'centroids_ref',
          `a table of ${manifest.shards} rows`,
          centroids.rows,
        )
      return { ...plain, byVector: new ClusterRouter(centroids, metric) }
    }
    case 'lsh': {
      const hyperplanes = await readMatrix('hyperplanes_ref', manifest, place, dimensions)
      return { ...plain, byVector: new LshRouter(hyperplanes, manifest.shards) }
    }
    case 'cel': {
      const router = await celRouter(manifest)
      return { ...plain, byContext: (context) => router.route('', context) }
    }
    default:
      return plain
  }
}

async function readMatrix(
  name: 'centroids_ref' | 'hyperplanes_ref',
  manifest: Manifest,
  { objects, urlOf, signal }: SnapshotPlace,
  dimensions: number,
) {
  const ref = (manifest.custom['vector'] as Record<string, unknown>)[name]
  if (typeof ref !== 'string' || ref === '')
    throw refuse(manifest, name, 'the URL of a .npy file', ref)
  const bytes = await objects.get(urlOf(ref), { signal })
  if (bytes === undefined) throw refuse(manifest, name, 'the URL of an object that exists', ref)
  let matrix: ReturnType<typeof readNpy>
  try {
    matrix = readNpy(bytes)
  } catch (cause) {
    throw refuse(manifest, name, 'a .npy file of numbers', (cause as Error).message, cause)
  }
  if (matrix.columns !== dimensions || matrix.rows === 0)
    throw refuse(manifest, name, `a table of ${dimensions} columns`, matrix.columns)
  // Of distances that are not numbers none is the least, so a search would look into any shards.
  const other = matrix.values.find((value) => !Number.isFinite(value))
  if (other !== undefined) throw refuse(manifest, name, 'a table of finite numbers', other)
  return matrix
}

async function celRouter(manifest: Manifest): Promise<ShardRouter> {
  const fields = manifest.custom['vector'] as Record<string, unknown>
  const { cel_expr: expression, cel_columns: columns, routing_values: values } = fields
  if (typeof expression !== 'string')
    throw refuse(manifest, 'cel_expr', 'an expression', expression)
  if (typeof columns !== 'object' || columns === null)
    throw refuse(manifest, 'cel_columns', 'columns by name', columns)
  const routingValues =
    values === undefined || values === null ? undefined : tokens(manifest, values)
  return openRouter(
    {
      strategy: 'cel',
      hashAlgorithm: 'xxh3_64',
      celExpr: expression,
      celColumns: columns as Readonly<Record<string, CelType>>,
      routingValues,
    },
    manifest.shards,
  )
}

function tokens(manifest: Manifest, values: unknown): RoutingValue[] {
  if (!Array.isArray(values)) throw refuse(manifest, 'routing_values', 'a list', values)
  return values.map((value: unknown) => {
    if (typeof value === 'string' || typeof value === 'bigint') return value
    if (Number.isSafeInteger(value)) return BigInt(value as number)
    const { __bytes_hex__: hex } = (value ?? {}) as { __bytes_hex__?: unknown }
    if (typeof hex === 'string' && hex.length % 2 === 0 && /^[\da-f]*$/i.test(hex))
      return bytesValue(bytesOfHex(hex))
    throw refuse(manifest, 'routing_values', 'integers, texts or bytes', value)
  })
}

function bytesOfHex(hex: string): Uint8Array {
  return Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16))
}

function refuse(
  { runId }: Manifest,
  name: string,
  wanted: string,
  got: unknown,
  cause?: unknown,
): Error {
  return manifestError(
    WHERE,
    `custom.vector.${name} of run ${describeValue(runId)} must be ${wanted}, got ${describeValue(got)}`,
    { peer: 'ReaderStateError', cause, details: { field: name } },
  )
}

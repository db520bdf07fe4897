import * as v from 'valibot'
import { invalidOption } from '../../errors/error-factories.js'
import { parseJson, stringifyJson } from '../../text/lossless-json.js'
import type { ShardingOption } from '../open/sharding-option.js'
import {
  type SnapshotWriterOptions,
  snapshotWriterOptionsSchema,
} from '../snapshot-writer-options.js'
import { parseOptions } from '../../options/parse-options.js'
import { integer } from '../../options/scalars.js'
import { type Origin, parseOrigin } from '../../async/origin.js'
import type { VectorSettings } from '../../engine/vector-engine.js'
import { shardLayout } from '../open/shard-layout.js'
import { isErrorNamed } from '../../errors/is-error.js'

/**
 * The facts that the tasks of one build must agree on; plain data, made once by `planSnapshot`.
 *
 * Shape: `formatSnapshotPlan` and `parseSnapshotPlan` convert it to and from one line of JSON for
 * other processes.
 */
export interface SnapshotPlan {
  /** Version of the form of plans. */
  readonly version: 1
  /** Id of the run. */
  readonly runId: string
  /** URL of the table. */
  readonly prefix: string
  /** Number of shards; the ids of shards are 0 up to this, excluded. */
  readonly shards: number
  /** How the cluster assigns rows to shards. */
  readonly sharding: ShardingOption
  /** How keys are stored. */
  readonly keyEncoding: NonNullable<SnapshotWriterOptions['keyEncoding']>
  /** Name of the key column, for information. */
  readonly keyColumn: string
  /** Name of the codec of values, for readers; omitted if they are bytes. */
  readonly valueCodec?: string
  /** Fields of the caller in the manifest. */
  readonly custom: Record<string, unknown>
  /** Set if rows may have vectors. */
  readonly vector?: VectorSettings
  /** The origin of the engine by which every task writes its shard. */
  readonly engine: Origin
  /** The format of that engine's shards. */
  readonly format: string
  /** The origin of the store; omitted for the one that serves `prefix`. */
  readonly objects?: Origin
  /** The origin of the catalog for the publication; omitted for the one below `prefix`. */
  readonly catalog?: Origin
  /** Ref of the record of the run, which `publishSnapshot` closes. */
  readonly runRecordRef: string
}

const { keyEncoding, keyColumn, custom, sharding, vector } = snapshotWriterOptionsSchema.entries

const schema = v.strictObject({
  version: v.literal(1, 'must be 1, the version this package knows'),
  runId: v.string('must be a string'),
  prefix: v.string('must be a URL'),
  shards: integer(1, 'shards'),
  sharding,
  keyEncoding,
  keyColumn,
  valueCodec: v.optional(v.string('must be the name of a codec')),
  custom,
  vector,
  engine: v.unknown(),
  format: v.string('must be the name of a format'),
  objects: v.optional(v.unknown()),
  catalog: v.optional(v.unknown()),
  runRecordRef: v.string('must be a URL'),
})

/** Formats a plan as one line of JSON; integers keep all their digits. */
export function formatSnapshotPlan(plan: SnapshotPlan): string {
  return stringifyJson(plan, 'compact')
}

/** Parses the output of `formatSnapshotPlan`. Errors: SHARD_INVALID_OPTION naming the field. */
export function parseSnapshotPlan(json: string, where = 'parseSnapshotPlan'): SnapshotPlan {
  let parsed: unknown
  try {
    parsed = parseJson(json)
  } catch (cause) {
    if (!isErrorNamed(cause, 'SyntaxError')) throw cause
    throw invalidOption(where, `a plan must be JSON, as planSnapshot makes it: ${cause.message}`, {
      cause,
    })
  }
  return requirePlan(withIntegerValues(parsed), where)
}

/** Checks a plan that was written by hand or came from elsewhere. Errors: SHARD_INVALID_OPTION. */
export function requirePlan(plan: unknown, where: string): SnapshotPlan {
  const { engine, objects, catalog, ...rest } = parseOptions(schema, plan, where)
  const checked = {
    ...rest,
    engine: parseOrigin(engine, `${where}: engine`),
    ...(objects !== undefined && { objects: parseOrigin(objects, `${where}: objects`) }),
    ...(catalog !== undefined && { catalog: parseOrigin(catalog, `${where}: catalog`) }),
  } as SnapshotPlan
  const { shards } = shardLayout(checked.sharding, where)
  if (shards === checked.shards) return checked
  throw invalidOption(
    where,
    `the plan has ${checked.shards} shards, but its sharding makes ${shards}`,
  )
}

/** JSON has one kind of number; integers among the values of a CEL expression are bigints here. */
function withIntegerValues(plan: unknown): unknown {
  const given = (plan as { sharding?: { values?: unknown } } | null)?.sharding
  if (!Array.isArray(given?.values)) return plan
  const values = given.values.map((value: unknown) =>
    typeof value === 'number' && Number.isSafeInteger(value) ? BigInt(value) : value,
  )
  return { ...(plan as object), sharding: { ...given, values } }
}

import * as v from 'valibot'
import { decodeSeal, encodeSeal } from '../../snapshot/manifest/seal-text.js'
import type { ShardSeal } from '../../engine/shard-seal.js'
import { invalidOption } from '../../errors/error-factories.js'
import { parseJson, stringifyJson } from '../../text/lossless-json.js'
import { parseOptions } from '../../options/parse-options.js'
import { integer } from '../../options/scalars.js'
import type { ShardAttemptResult } from './shard-attempt-result.js'
import { isErrorNamed } from '../../errors/is-error.js'

const textSchema = v.nullable(v.pipe(v.string('must be text'), v.nonEmpty('must not be empty')))
const keySchema = v.nullable(
  v.union([v.string(), v.bigint(), v.number()], 'must be an integer, text or null'),
)
const count = (unit: string) => integer(0, unit)

const schema = v.strictObject({
  db_id: v.number('must be the number of a shard'),
  db_url: textSchema,
  attempt: count('attempts'),
  row_count: count('rows'),
  min_key: keySchema,
  max_key: keySchema,
  checkpoint_id: textSchema,
  writer_info: v.strictObject({
    attempt: count('attempts'),
    duration_ms: count('milliseconds'),
    stage_id: v.optional(v.nullable(count('stages'))),
    task_attempt_id: v.optional(v.nullable(count('tasks'))),
  }),
  db_bytes: v.optional(count('bytes'), 0),
  all_attempt_urls: v.optional(v.array(v.string('must be URLs')), []),
  /** Written only by this SDK. */
  seal: v.optional(textSchema),
})

/**
 * Formats a result as one line of JSON, with the fields of the Python project; integers keep all
 * their digits.
 *
 * Source: wire-format §6.
 */
export function formatAttemptResult(result: ShardAttemptResult): string {
  return stringifyJson(attemptResultToJson(result), 'compact')
}

/**
 * Parses the output of `formatAttemptResult`, in another process.
 *
 * Errors: SHARD_INVALID_OPTION naming the field.
 */
export function parseAttemptResult(json: string, where = 'parseAttemptResult'): ShardAttemptResult {
  return attemptResultFromJson(parse(json, where), where)
}

export function attemptResultToJson(result: ShardAttemptResult): v.InferInput<typeof schema> {
  const { writerInfo } = result
  return {
    db_id: result.id,
    db_url: result.url ?? null,
    attempt: result.attempt,
    row_count: result.rowCount,
    min_key: result.minKey ?? null,
    max_key: result.maxKey ?? null,
    checkpoint_id: result.checkpointId ?? null,
    writer_info: {
      attempt: writerInfo.attempt,
      duration_ms: writerInfo.durationMs,
      stage_id: writerInfo.stageId ?? null,
      task_attempt_id: writerInfo.taskAttemptId ?? null,
    },
    db_bytes: result.bytes,
    all_attempt_urls: [...result.allAttemptUrls],
    ...(result.seal !== undefined && { seal: encodeSeal(result.seal) }),
  }
}

/** Errors: SHARD_INVALID_OPTION naming the field. */
export function attemptResultFromJson(json: unknown, where: string): ShardAttemptResult {
  const o = parseOptions(schema, json, where)
  const { stage_id: stageId, task_attempt_id: taskAttemptId } = o.writer_info
  return {
    id: o.db_id,
    url: o.db_url ?? undefined,
    attempt: o.attempt,
    rowCount: o.row_count,
    bytes: o.db_bytes,
    minKey: toKey(o.min_key),
    maxKey: toKey(o.max_key),
    checkpointId: o.checkpoint_id ?? undefined,
    ...(o.seal !== undefined && o.seal !== null && { seal: readSeal(o.seal, where) }),
    writerInfo: {
      attempt: o.writer_info.attempt,
      durationMs: o.writer_info.duration_ms,
      ...(typeof stageId === 'number' && { stageId }),
      ...(typeof taskAttemptId === 'number' && { taskAttemptId }),
    },
    allAttemptUrls: o.all_attempt_urls,
  }
}

function readSeal(text: string, where: string): ShardSeal {
  try {
    return decodeSeal(text)
  } catch (cause) {
    throw invalidOption(where, `seal: ${(cause as Error).message}`, { cause })
  }
}

function parse(json: string, where: string): unknown {
  try {
    return parseJson(json)
  } catch (cause) {
    if (!isErrorNamed(cause, 'SyntaxError')) throw cause
    throw invalidOption(where, `a result must be one line of JSON: ${cause.message}`, { cause })
  }
}

function toKey(key: string | number | bigint | null): string | bigint | undefined {
  if (key === null) return undefined
  return typeof key === 'number' ? BigInt(key) : key
}

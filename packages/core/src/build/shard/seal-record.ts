import * as v from 'valibot'
import { isObject, parseJson, stringifyJson } from '../../text/lossless-json.js'
import { parseOptions } from '../../options/parse-options.js'
import { MAX_SEAL_BYTES } from './attempt-marks.js'
import { attemptResultFromJson, attemptResultToJson } from './attempt-result-json.js'
import type { BuildIdentity } from '../open/build-identity.js'
import type { ShardAttemptResult } from './shard-attempt-result.js'

/** What is noted of a sealed attempt, for a later process to go on from. */
export interface SealRecord {
  readonly build: BuildIdentity
  /** Of the rows the shard was given, see `InputDigest`; made only where the run id was given too. */
  readonly inputDigest: string | undefined
  readonly result: ShardAttemptResult
}

const FORMAT_VERSION = 1

const textSchema = v.string('must be text')
const schema = v.strictObject({
  format_version: v.literal(FORMAT_VERSION, `must be ${FORMAT_VERSION}`),
  run_id: textSchema,
  sharding: v.custom<unknown>((value) => isObject(value as never), 'must be an object'),
  num_dbs: v.nullable(v.number('must be a number of shards')),
  key_encoding: textSchema,
  shard_format: textSchema,
  input_digest: v.nullable(textSchema),
  result: v.unknown(),
})

export function encodeSealRecord({ build, inputDigest, result }: SealRecord): string {
  return stringifyJson(
    {
      format_version: FORMAT_VERSION,
      ...build,
      input_digest: inputDigest ?? null,
      result: attemptResultToJson(result),
    },
    'compact',
  )
}

/** Errors: SHARD_INVALID_OPTION, or a SyntaxError, for what is no seal record. */
export function decodeSealRecord(text: string, where: string): SealRecord {
  if (text.length > MAX_SEAL_BYTES) throw new SyntaxError(`more than ${MAX_SEAL_BYTES} characters`)
  const {
    format_version: _,
    input_digest,
    result,
    ...build
  } = parseOptions(schema, parseJson(text), where)
  return {
    build,
    inputDigest: input_digest ?? undefined,
    result: attemptResultFromJson(result, where),
  }
}

import * as v from 'valibot'
import { parseOptions } from '../../options/parse-options.js'
import { ATTEMPT_MARKS } from '../../snapshot/layout.js'
import type { ObjectCallOptions, ObjectStore } from '../../store/object-store.js'
import { joinUrl } from '../../store/urls.js'
import { isObject, parseJson, stringifyJson } from '../../text/lossless-json.js'
import type { BuildIdentity } from '../open/build-identity.js'
import { attemptResultFromJson, attemptResultToJson } from './attempt-result-json.js'
import type { ShardAttemptResult } from './shard-attempt-result.js'

// Small objects in the "directory" of an attempt, so that removing the attempt removes
// them too, the seal first (names are removed in ascending order).
const { sealed: SEALED, started: STARTED, taken: TAKEN } = ATTEMPT_MARKS

/** Content of `_TAKEN`. */
const RESUMED = 'resumed'
const REMOVED = 'removed'

const NOTHING = new Uint8Array(0)
const encoder = new TextEncoder()
const decoder = new TextDecoder()

/** One byte more than a seal may have. */
const MAX_SEAL_BYTES = 64 * 1024

/** True for the object that says that its attempt is sealed. */
export function isSeal(url: string): boolean {
  return url.endsWith(`/${SEALED}`)
}

/** Takes the URL of an attempt for this build; false if another build has it. */
export function claimAttempt(
  objects: ObjectStore,
  url: string,
  options: ObjectCallOptions,
): Promise<boolean> {
  // Empty, so that it adds nothing to the size of the shard.
  return objects.put(joinUrl(url, STARTED), NOTHING, { ...options, ifAbsent: true })
}

/** Notes that the attempt is sealed and durable. */
export async function writeSeal(
  objects: ObjectStore,
  url: string,
  seal: string,
  options: ObjectCallOptions,
): Promise<void> {
  await objects.put(joinUrl(url, SEALED), encoder.encode(seal), {
    ...options,
    contentType: 'application/json',
  })
}

/** The seal of an attempt; `undefined` if it is not sealed. */
async function readSeal(
  objects: ObjectStore,
  url: string,
  options: ObjectCallOptions,
): Promise<string | undefined> {
  const range = { start: 0, end: MAX_SEAL_BYTES + 1 }
  const bytes = await objects.get(joinUrl(url, SEALED), { ...options, range })
  return bytes === undefined ? undefined : decoder.decode(bytes)
}

/**
 * Takes over the sealed attempt of a build that died, and gives its seal; `undefined` if there is none to take.
 *
 * That build may not be dead. Either it removes the attempt or this build uses it: `_TAKEN` is put by the first of
 * them, if absent. The seal is read afterwards, since one that is being removed loses its seal first.
 */
export async function takeSealed(
  objects: ObjectStore,
  url: string,
  options: ObjectCallOptions,
): Promise<string | undefined> {
  if ((await objects.head(joinUrl(url, SEALED), options)) === undefined) return undefined
  if (!(await takeFor(RESUMED, objects, url, options))) return undefined
  return readSeal(objects, url, options)
}

/** True while an attempt that was taken over is still there. */
export async function isSealed(
  objects: ObjectStore,
  url: string,
  options: ObjectCallOptions,
): Promise<boolean> {
  return (await objects.head(joinUrl(url, SEALED), options)) !== undefined
}

/**
 * Takes an attempt that was claimed for publication; false if it is being removed, or was.
 *
 * One that was removed has lost this mark as well, but the claim before it.
 */
export async function takeForPublication(
  objects: ObjectStore,
  url: string,
  options: ObjectCallOptions,
): Promise<boolean> {
  if (!(await takeFor(RESUMED, objects, url, options))) return false
  return (await objects.head(joinUrl(url, STARTED), options)) !== undefined
}

/** Removes a sealed attempt of this build; false if another one has taken it over. */
export async function removeSealed(
  objects: ObjectStore,
  url: string,
  within: string,
): Promise<boolean> {
  if (!(await takeFor(REMOVED, objects, url, {}))) return false
  await objects.delete(joinUrl(url, SEALED))
  await objects.deletePrefix(url, { within })
  return true
}

/** True if the attempt is reserved for this use, now or before. */
async function takeFor(
  use: string,
  objects: ObjectStore,
  url: string,
  options: ObjectCallOptions,
): Promise<boolean> {
  const mark = joinUrl(url, TAKEN)
  if (await objects.put(mark, encoder.encode(use), { ...options, ifAbsent: true })) return true
  const bytes = await objects.get(mark, options)
  return bytes !== undefined && decoder.decode(bytes) === use
}

/** The record of a sealed attempt, from which a later process can resume. */
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

/** Errors: SHARD_INVALID_OPTION, or a SyntaxError, for text that is not a seal record. */
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

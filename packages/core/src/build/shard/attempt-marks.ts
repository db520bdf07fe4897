import * as v from 'valibot'
import { parseOptions } from '../../options/parse-options.js'
import { ATTEMPT_MARKS } from '../../snapshot/layout.js'
import type { ObjectCallOptions, ObjectStore } from '../../store/object-store.js'
import { joinUrl } from '../../store/urls.js'
import { isObject, parseJson, stringifyJson } from '../../text/lossless-json.js'
import type { BuildIdentity } from '../open/build-identity.js'
import { attemptResultFromJson, attemptResultToJson } from './attempt-result-json.js'
import type { ShardAttemptResult } from './shard-attempt-result.js'

// Small objects next to the shard in the "directory" of an attempt, so that removing the attempt
// removes them too, the seal first (names are removed in ascending order).
const { sealed: SEALED, started: STARTED, taken: TAKEN } = ATTEMPT_MARKS

/** Content of `_TAKEN`. */
const RESUMED = 'resumed'
const REMOVED = 'removed'

const NOTHING = new Uint8Array(0)
const encoder = new TextEncoder()
const decoder = new TextDecoder()

/** Maximum bytes of a seal, plus one. */
const MAX_SEAL_BYTES = 64 * 1024

/** Returns true for the object that marks its attempt as sealed. */
export function isSeal(url: string): boolean {
  return url.endsWith(`/${SEALED}`)
}

/** Claims the URL of an attempt for this build; returns false if another build has it. */
export function claimAttempt(
  objects: ObjectStore,
  url: string,
  options: ObjectCallOptions,
): Promise<boolean> {
  // Empty, so that it adds nothing to the size of the shard.
  return objects.put(joinUrl(url, STARTED), NOTHING, { ...options, ifAbsent: true })
}

/** Marks the attempt as sealed and durable. */
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

/** Reads the seal of an attempt; returns `undefined` if it is not sealed. */
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
 * Takes over the sealed attempt of a dead build and returns its seal; `undefined` if it cannot be
 * taken over.
 *
 * That build may still be alive. Either it removes the attempt or this build uses it: the first of
 * them puts `_TAKEN`, with `ifAbsent`. The seal is read afterwards, because a removal deletes the
 * seal first.
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

/** Returns true if an adopted attempt still exists. */
export async function isSealed(
  objects: ObjectStore,
  url: string,
  options: ObjectCallOptions,
): Promise<boolean> {
  return (await objects.head(joinUrl(url, SEALED), options)) !== undefined
}

/**
 * Takes a claimed attempt for publication; returns false if it is being removed, or was.
 *
 * A finished removal has deleted this mark as well, but it deletes the claim first.
 */
export async function takeForPublication(
  objects: ObjectStore,
  url: string,
  options: ObjectCallOptions,
): Promise<boolean> {
  if (!(await takeFor(RESUMED, objects, url, options))) return false
  return (await objects.head(joinUrl(url, STARTED), options)) !== undefined
}

/** Removes a sealed attempt of this build; returns false if another build has taken it over. */
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

/** Returns true if the attempt now has this mark, put by this call or an earlier one. */
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

/** The record of a sealed attempt, from which a later process resumes. */
export interface SealRecord {
  readonly build: BuildIdentity
  /** Digest of the shard's rows, see `InputDigest`; computed only if the caller gave the run id. */
  readonly inputDigest: string | undefined
  /**
   * For a shard of an update: the URL of the shard before it, or `''` if that was empty; the digest is
   * then that of the changes.
   */
  readonly updates?: string | undefined
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
  updates: v.optional(textSchema),
  result: v.unknown(),
})

export function encodeSealRecord({ build, inputDigest, updates, result }: SealRecord): string {
  return stringifyJson(
    {
      format_version: FORMAT_VERSION,
      ...build,
      input_digest: inputDigest ?? null,
      ...(updates !== undefined && { updates }),
      result: attemptResultToJson(result),
    },
    'compact',
  )
}

/** Parses a seal record. Errors: SHARD_INVALID_OPTION, or a SyntaxError, if it is malformed. */
export function decodeSealRecord(text: string, where: string): SealRecord {
  if (text.length > MAX_SEAL_BYTES) throw new SyntaxError(`more than ${MAX_SEAL_BYTES} characters`)
  const {
    format_version: _,
    input_digest,
    updates,
    result,
    ...build
  } = parseOptions(schema, parseJson(text), where)
  return {
    build,
    inputDigest: input_digest ?? undefined,
    ...(updates !== undefined && { updates }),
    result: attemptResultFromJson(result, where),
  }
}

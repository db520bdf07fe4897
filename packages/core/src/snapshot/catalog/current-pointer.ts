import type { ShardyfusionError } from '../../errors.js'
import { manifestError } from '../../errors/error-factories.js'
import { describeValue } from '../../options/describe-value.js'
import { toInteger } from '../../text/lenient-integer.js'
import { isObject, parseJson, stringifyJson, type JsonValue } from '../../text/lossless-json.js'
import { tryParseTimestamp } from '../../text/timestamps.js'
import { isErrorNamed } from '../../errors/is-error.js'

export const CURRENT_POINTER_CONTENT_TYPE = 'application/json'
export const CURRENT_POINTER_FORMAT_VERSION = 1

/** A pointer has some 250 bytes; anything larger than this is something else. */
export const MAX_CURRENT_POINTER_BYTES = 64 * 1024

/** The content of `_CURRENT`: it names the manifest that readers open (wire-format §2). */
export interface CurrentPointer {
  /** Full URL of the manifest object. */
  readonly manifestRef: string
  readonly manifestContentType: string
  readonly runId: string
  /** Time at which the pointer was written, as the text stored in it. */
  readonly updatedAt: string
  /** Written as 1; readers accept any integer. */
  readonly formatVersion: number
}

/** Encodes `_CURRENT`, byte for byte as the reference writes it. */
export function encodeCurrentPointer(pointer: CurrentPointer): Uint8Array {
  const json = {
    format_version: pointer.formatVersion,
    manifest_content_type: pointer.manifestContentType,
    manifest_ref: pointer.manifestRef,
    run_id: pointer.runId,
    updated_at: pointer.updatedAt,
  }
  return new TextEncoder().encode(stringifyJson(json, 'compact'))
}

/**
 * Decodes `_CURRENT`; ignores unknown members.
 *
 * Errors: SHARD_MANIFEST (peer ManifestParseError) naming the member.
 */
export function decodeCurrentPointer(bytes: Uint8Array, where: string): CurrentPointer {
  const json = parsePointer(bytes, where)
  const {
    manifest_content_type: contentType,
    format_version: version = CURRENT_POINTER_FORMAT_VERSION,
  } = json
  if (typeof contentType !== 'string')
    throw badMember(where, 'manifest_content_type', 'text', contentType)
  const formatVersion = toInteger(version)
  if (formatVersion === undefined) throw badMember(where, 'format_version', 'an integer', version)
  return {
    manifestRef: requiredText(json, 'manifest_ref', where),
    manifestContentType: contentType,
    runId: requiredText(json, 'run_id', where),
    updatedAt: timestampText(json, where),
    formatVersion: Number(formatVersion),
  }
}

function parsePointer(bytes: Uint8Array, where: string): Record<string, JsonValue> {
  if (bytes.length > MAX_CURRENT_POINTER_BYTES) {
    throw pointerError(where, `expected at most ${MAX_CURRENT_POINTER_BYTES} bytes, got more`)
  }
  let json: JsonValue
  try {
    json = parseJson(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes))
  } catch (cause) {
    const reason = isErrorNamed(cause, 'SyntaxError') ? cause.message : 'it is not UTF-8'
    throw pointerError(
      where,
      `the current pointer must be a JSON object, but it cannot be read (${reason})`,
      undefined,
      cause,
    )
  }
  if (isObject(json)) return json
  throw pointerError(where, `the current pointer must be a JSON object, got ${describeValue(json)}`)
}

function requiredText(json: Record<string, JsonValue>, name: string, where: string): string {
  const value = json[name]
  if (typeof value === 'string' && value !== '') return value
  throw badMember(where, name, 'text', value)
}

function timestampText(json: Record<string, JsonValue>, where: string): string {
  const value = json.updated_at
  // The reference reads a number as Unix time; here it is text like any other value.
  const text = typeof value === 'number' ? String(value) : value
  if (typeof text === 'string' && tryParseTimestamp(text) !== undefined) return text
  throw badMember(where, 'updated_at', 'a timestamp', value)
}

function badMember(
  where: string,
  member: string,
  expected: string,
  value: unknown,
): ShardyfusionError {
  return pointerError(where, `${member} must be ${expected}, got ${describeValue(value)}`, member)
}

function pointerError(
  where: string,
  problem: string,
  member?: string,
  cause?: unknown,
): ShardyfusionError {
  const remedy = 'publish again, or roll back to a run by its id, which writes the pointer again'
  return manifestError(where, `${problem}; ${remedy}`, {
    cause,
    ...(member !== undefined && { details: { member } }),
  })
}

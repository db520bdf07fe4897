import type { SnapshotFacts } from '../database.js'
import { Refusal } from '../failure.js'
import { textOr } from '../keys.js'
import type { JsonValues } from '../options.js'

/** Media types of stored values. */
const TYPES: Readonly<Record<JsonValues, string>> = {
  auto: 'application/octet-stream',
  bytes: 'application/octet-stream',
  utf8: 'text/plain; charset=utf-8',
  json: 'application/json; charset=utf-8',
}

/** Returns the media type of a value; `auto` takes that of the snapshot's codec. */
export function contentTypeOf(values: JsonValues, { valueCodec }: SnapshotFacts): string {
  const isKnown = valueCodec === 'utf8' || valueCodec === 'json'
  return TYPES[values === 'auto' && isKnown ? valueCodec : values]
}

/**
 * Returns the member of a JSON object that has a value: `"value":…` with text or JSON, or
 * `"base64":"…"`.
 *
 * `auto` is the JSON of a snapshot of JSON, text, or base64, whichever fits first. Errors: Refusal
 * for bytes that are not what `values` promises.
 */
export function valueMember(
  value: Uint8Array,
  values: JsonValues,
  { valueCodec }: SnapshotFacts,
): string {
  if (values === 'bytes') return base64Member(value)
  const text = textOr(value)
  if (typeof text !== 'string') {
    if (values === 'auto') return base64Member(value)
    throw new Refusal('SHARD_INVALID_VALUE', 'a value is not UTF-8; serve values as bytes')
  }
  const isJson = values === 'json' || (values === 'auto' && valueCodec === 'json')
  // The stored text, because parsing may lose digits. In valid JSON, a line end is only between tokens.
  if (isJson && isJsonText(text)) return `"value":${text.replace(/[\r\n]+/g, ' ')}`
  if (values === 'json')
    throw new Refusal('SHARD_INVALID_VALUE', 'a value is not JSON; serve values as utf8 or bytes')
  return `"value":${JSON.stringify(text)}`
}

function isJsonText(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

function base64Member(value: Uint8Array): string {
  const { buffer, byteOffset, length } = value
  return `"base64":"${Buffer.from(buffer, byteOffset, length).toString('base64')}"`
}

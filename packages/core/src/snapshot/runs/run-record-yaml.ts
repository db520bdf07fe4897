import type { ShardyfusionError } from '../../errors.js'
import { manifestError } from '../../errors/error-factories.js'
import { describeValue } from '../../options/describe-value.js'
import { toInteger } from '../../text/lenient-integer.js'
import { tryParseTimestamp } from '../../text/timestamps.js'
import { RUN_RECORD_FORMAT_VERSION, type RunRecord, type RunStatus } from './run-record.js'
import { isError } from '../../errors/is-error.js'

export const RUN_RECORD_CONTENT_TYPE = 'application/x-yaml'

/** A record has about a kilobyte; anything larger than this is something else. */
export const MAX_RUN_RECORD_BYTES = 64 * 1024

/** The format has thirteen fields; other programs may add a few. */
const MAX_FIELDS = 64

/**
 * Characters that may start a list or a mapping; each may be one level of nesting.
 *
 * The parser recurses, and if it runs out of stack inside a regular expression, V8 of Node 20 ends
 * the process instead of throwing. Real records stay far below: they have no nesting, and their
 * messages contain few such characters.
 */
const OPENING = /[[{]|[-?:](?=\s|$)/g
const MAX_OPENINGS = 1000

const STATUSES: readonly string[] = ['running', 'succeeded', 'failed'] satisfies RunStatus[]

/**
 * Encodes a run record: one field a line, in order of name, every text in quotes.
 *
 * Unquoted, a run id of digits alone is a number to some parsers and text to others; beyond ASCII,
 * they differ in what ends a line. Both are escaped, so that all parsers agree.
 */
export function encodeRunRecord(record: RunRecord): Uint8Array {
  const fields: Record<string, string | number | undefined> = {
    db_path_template: record.dbPathTemplate,
    error_message: record.errorMessage,
    error_type: record.errorType,
    format_version: record.formatVersion,
    lease_expires_at: record.leaseExpiresAt,
    manifest_ref: record.manifestRef,
    run_id: record.runId,
    s3_prefix: record.prefix,
    shard_prefix: record.shardPrefix,
    started_at: record.startedAt,
    status: record.status,
    updated_at: record.updatedAt,
    writer_type: record.writerType,
  }
  const lines = Object.entries(fields).map(([name, value]) => `${name}: ${scalar(value)}\n`)
  return new TextEncoder().encode(lines.join(''))
}

function scalar(value: string | number | undefined): string {
  if (value === undefined) return 'null'
  if (typeof value === 'number') return String(value)
  return `"${value.replace(/[^\x20-\x7e]|["\\]/gu, escaped)}"`
}

function escaped(character: string): string {
  if (character === '"' || character === '\\') return `\\${character}`
  const code = character.codePointAt(0)!
  // A lone surrogate, which no encoding can carry.
  if (code >= 0xd800 && code <= 0xdfff) return '\\uFFFD'
  const hex = code.toString(16).toUpperCase()
  if (code <= 0xff) return `\\x${hex.padStart(2, '0')}`
  return code <= 0xffff ? `\\u${hex.padStart(4, '0')}` : `\\U${hex.padStart(8, '0')}`
}

/**
 * Decodes a run record of any writer as untrusted data; ignores unknown fields.
 *
 * Errors: SHARD_MANIFEST (peer ValueError) naming the field; `where` starts the message. Source:
 * wire-format §8.
 */
export async function decodeRunRecord(bytes: Uint8Array, where: string): Promise<RunRecord> {
  const fields = await parseFields(bytes, where)
  const text = (name: string): string => {
    const value = fields.get(name)
    if (value !== undefined && value !== null && value !== '') return value
    throw recordError(where, `${name} must be text, got ${describeValue(value)}`, name)
  }
  const optional = (name: string): string | undefined => fields.get(name) ?? undefined
  const timestamp = (name: string): string => {
    const value = text(name)
    if (tryParseTimestamp(value) !== undefined) return value
    throw recordError(where, `${name} must be a timestamp, got ${describeValue(value)}`, name)
  }
  const status = text('status')
  if (!STATUSES.includes(status)) {
    throw recordError(
      where,
      `status must be ${STATUSES.join(', ')}, got ${describeValue(status)}`,
      'status',
    )
  }
  const version = fields.has('format_version')
    ? toInteger(fields.get('format_version'))
    : BigInt(RUN_RECORD_FORMAT_VERSION)
  if (version === undefined)
    throw recordError(where, 'format_version must be an integer', 'format_version')
  return {
    formatVersion: Number(version),
    runId: text('run_id'),
    writerType: text('writer_type'),
    status: status as RunStatus,
    startedAt: timestamp('started_at'),
    updatedAt: timestamp('updated_at'),
    leaseExpiresAt: timestamp('lease_expires_at'),
    prefix: text('s3_prefix'),
    shardPrefix: text('shard_prefix'),
    dbPathTemplate: text('db_path_template'),
    manifestRef: optional('manifest_ref'),
    errorType: optional('error_type'),
    errorMessage: optional('error_message'),
  }
}

/** Returns the fields as written, `null` for none: the format defines their types, not YAML. */
async function parseFields(
  bytes: Uint8Array,
  where: string,
): Promise<ReadonlyMap<string, string | null>> {
  if (bytes.length > MAX_RUN_RECORD_BYTES)
    throw recordError(where, `expected at most ${MAX_RUN_RECORD_BYTES} bytes, got more`)
  // Loaded when the first record is read; writing does not need it.
  const { isMap, isScalar, parseDocument } = await import('yaml')
  let contents: unknown
  try {
    const source = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
    if ((source.match(OPENING)?.length ?? 0) > MAX_OPENINGS) throw new Error('it is nested')
    // Duplicate names are not checked, which takes quadratic time; the later one counts.
    const document = parseDocument(source, {
      schema: 'failsafe',
      stringKeys: true,
      uniqueKeys: false,
      prettyErrors: false,
      logLevel: 'error',
    })
    if (document.errors[0] !== undefined) throw document.errors[0]
    contents = document.contents
  } catch (cause) {
    const reason = isError(cause) ? (cause.message.split('\n', 1)[0] ?? '') : 'it is not'
    throw recordError(where, `expected YAML (run record), but ${reason}`, undefined, cause)
  }
  if (!isMap(contents)) throw recordError(where, 'expected a mapping of fields (run record)')
  if (contents.items.length > MAX_FIELDS)
    throw recordError(where, `expected at most ${MAX_FIELDS} fields, got ${contents.items.length}`)
  const fields = new Map<string, string | null>()
  for (const { key, value } of contents.items) {
    const name = isScalar(key) ? String(key.value) : ''
    if (value === null) fields.set(name, null)
    // The format has no aliases, lists or mappings: never resolve or expand one.
    else if (!isScalar(value)) throw recordError(where, `${name} must be a single value`, name)
    else fields.set(name, isNull(value) ? null : String(value.value))
  }
  return fields
}

function isNull(value: { type?: unknown; value: unknown }): boolean {
  return value.type === 'PLAIN' && /^(?:null|Null|NULL|~|)$/.test(String(value.value))
}

function recordError(
  where: string,
  problem: string,
  field?: string,
  cause?: unknown,
): ShardyfusionError {
  return manifestError(where, problem, {
    peer: 'ValueError',
    cause,
    ...(field !== undefined && { details: { field } }),
  })
}

import type { ShardyfusionError } from '../../errors.js'
import { manifestError } from '../../errors/error-factories.js'
import { describeValue } from '../../options/describe-value.js'
import { toInteger } from '../../text/lenient-integer.js'
import {
  isObject,
  parseJson,
  type JsonValue,
  type ParseJsonOptions,
} from '../../text/lossless-json.js'
import type { Cells } from './manifest-tables.js'
import { tryParseTimestamp } from '../../text/timestamps.js'
import { isErrorNamed } from '../../errors/is-error.js'

/** The manifest that is read or built, and its name in errors. */
export interface Site {
  readonly where: string
  readonly peer: 'ManifestParseError' | 'ManifestBuildError'
}

/**
 * The part of a manifest with a problem; `column` may continue into JSON, as in
 * `sharding.strategy`.
 */
export interface Place {
  readonly table?: string
  readonly column?: string
  readonly shard?: number
}

/** Makes the one error of a manifest that cannot be read or built. */
export function badManifest(
  site: Site,
  place: Place,
  problem: string,
  cause?: unknown,
): ShardyfusionError {
  const { table, column, shard } = place
  const part = [table, column].filter((name) => name !== undefined).join('.')
  const subject = `${part}${shard === undefined ? '' : ` of shard ${shard}`}`
  return manifestError(site.where, `${subject}${subject && ' '}${problem}`, {
    peer: site.peer,
    cause,
    details: { ...place },
  })
}

/**
 * Maximum length of the JSON text of one column, in characters: parsing takes tens of times its
 * size in memory.
 */
const MAX_JSON_LENGTH = 8 * 1024 * 1024

/**
 * Reads one row of a manifest column by column, with the leniency of the reference and no more.
 *
 * Errors: SHARD_MANIFEST naming table, column and shard. Source: wire-format §3.8 rules 4 and 5,
 * §17 item 12.
 */
export class ManifestRow<Column extends string> {
  readonly #site: Site
  readonly #table: string
  readonly #cells: Cells<Column>
  readonly #shard: number | undefined

  constructor(site: Site, table: string, cells: Cells<Column>, shard?: number) {
    this.#site = site
    this.#table = table
    this.#cells = cells
    this.#shard = shard
  }

  refuse(
    column: Column | `${Column}.${string}`,
    problem: string,
    cause?: unknown,
  ): ShardyfusionError {
    const place = {
      table: this.#table,
      column,
      ...(this.#shard === undefined ? {} : { shard: this.#shard }),
    }
    return badManifest(this.#site, place, problem, cause)
  }

  text(column: Column): string {
    const cell = this.#cells[column]
    if (typeof cell === 'string') return cell
    throw this.refuse(column, `must be text, got ${describeValue(cell)}`)
  }

  optionalText(column: Column): string | undefined {
    return this.#cells[column] === null ? undefined : this.text(column)
  }

  timestamp(column: Column): string {
    const text = this.text(column)
    if (tryParseTimestamp(text) !== undefined) return text
    throw this.refuse(column, `must be a timestamp, got ${describeValue(text)}`)
  }

  integer(column: Column, min: number): number {
    return this.member(column, this.#cells[column], min)
  }

  /** Reads an integer inside a JSON column. */
  member(
    column: Column | `${Column}.${string}`,
    value: unknown,
    min = Number.MIN_SAFE_INTEGER,
  ): number {
    if (typeof value === 'number' && Number.isSafeInteger(value) && value >= min) return value
    const integer = toInteger(value)
    if (integer === undefined)
      throw this.refuse(column, `must be an integer, got ${describeValue(value)}`)
    if (integer > Number.MAX_SAFE_INTEGER || integer < Number.MIN_SAFE_INTEGER) {
      throw this.refuse(
        column,
        `has ${`${integer}`.length} digits, more than a number holds exactly (2^53 - 1)`,
      )
    }
    if (integer < min) throw this.refuse(column, `must be ${min} or more, got ${integer}`)
    return Number(integer)
  }

  json(column: Column, options?: ParseJsonOptions): JsonValue {
    const text = this.text(column)
    if (text.length > MAX_JSON_LENGTH)
      throw this.refuse(column, `has more than ${MAX_JSON_LENGTH} characters`)
    try {
      return parseJson(text, options)
    } catch (cause) {
      if (!isErrorNamed(cause, 'SyntaxError')) throw cause
      throw this.refuse(column, `must be JSON: ${cause.message}`, cause)
    }
  }

  jsonObject(column: Column, options?: ParseJsonOptions): Record<string, JsonValue> {
    const value = this.json(column, options)
    if (isObject(value)) return value
    throw this.refuse(column, `must be a JSON object, got ${describeValue(value)}`)
  }

  /** Reads a key as JSON; `undefined` if it was not recorded. */
  key(column: Column): bigint | string | undefined {
    if (this.#cells[column] === null) return undefined
    const value = this.json(column, { integers: 'bigint' })
    if (value === null) return undefined
    const key = typeof value === 'string' ? value : toInteger(value)
    if (key === undefined)
      throw this.refuse(column, `must be an integer or a string, got ${describeValue(value)}`)
    return key
  }
}

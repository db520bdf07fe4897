import type { VectorId } from '../../chunk/vector-chunk.js'
import type { VectorSettings } from '../../engine/vector-engine.js'
import { invalidValue } from '../../errors/error-factories.js'
import { describeValue } from '../../options/describe-value.js'
import { checkedVector, type VectorInput } from '../../options/vector-values.js'
import { stringifyJson } from '../../text/lossless-json.js'
import { isErrorNamed } from '../../errors/is-error.js'
import { isBytes } from '../../text/bytes.js'
import { isWellFormed } from '../../text/well-formed.js'
import type { Key } from '../../types.js'

/** The vector of a row. */
export interface RowVector {
  /** The numbers of the vector. */
  readonly vector: VectorInput
  /** Its id in search results; the key of the row by default (bytes as hexadecimal digits). */
  readonly id?: bigint | number | string | undefined
  /** JSON data that search results repeat, and that their filters see. */
  readonly payload?: unknown
}

/** A checked vector, as lanes take it. */
export class VectorRow {
  /** Id of the vector. */
  readonly id: VectorId
  /** The numbers of the vector. */
  readonly vector: Float32Array
  /** JSON text. */
  readonly payload: Uint8Array | undefined

  constructor(id: VectorId, vector: Float32Array, payload: Uint8Array | undefined) {
    this.id = id
    this.vector = vector
    this.payload = payload
  }
}

const encoder = new TextEncoder()
const MEMBERS = ['vector', 'id', 'payload']

/** Checks the vector of a row, unless another thread has. Errors: SHARD_INVALID_VALUE. */
export function vectorRow(
  row: RowVector | VectorRow,
  key: Key | undefined,
  settings: VectorSettings,
  where: string,
): VectorRow {
  if (isCheckedVector(row)) return row
  if (typeof row !== 'object' || row === null) {
    throw invalidValue(
      where,
      `the vector of a row must be { vector, id, payload }, got ${describeValue(row)}`,
    )
  }
  const unknown = Object.keys(row).find((name) => !MEMBERS.includes(name))
  if (unknown !== undefined) {
    throw invalidValue(
      where,
      `the vector of a row must be { vector, id, payload }, got the member "${unknown}"`,
    )
  }
  return new VectorRow(
    vectorIdOf(row.id ?? key, where),
    checkedVector(row.vector, settings, where),
    payloadOf(row.payload, where),
  )
}

/** Returns true for a vector that another thread has checked. */
export function isCheckedVector(row: unknown): row is VectorRow {
  return Object.prototype.isPrototypeOf.call(VectorRow.prototype, row as object)
}

/** The id of a vector: as given, or the key of its row. Errors: SHARD_INVALID_VALUE. */
export function vectorIdOf(id: unknown, where: string): VectorId {
  if (typeof id === 'bigint') return id
  if (typeof id === 'string' && isWellFormed(id)) return id
  if (Number.isSafeInteger(id)) return BigInt(id as number)
  if (isBytes(id)) return hexOf(id)
  throw invalidValue(
    where,
    `the id of a vector must be an integer or well-formed text, got ${describeValue(id)}`,
  )
}

function hexOf(bytes: Uint8Array): string {
  let text = ''
  for (const byte of bytes) text += byte.toString(16).padStart(2, '0')
  return text
}

function payloadOf(payload: unknown, where: string): Uint8Array | undefined {
  if (payload === undefined || payload === null) return undefined
  try {
    return encoder.encode(stringifyJson(payload, 'spaced'))
  } catch (cause) {
    if (!isErrorNamed(cause, 'TypeError')) throw cause
    throw invalidValue(where, `the payload of a vector must be JSON data: ${cause.message}`, {
      cause,
    })
  }
}

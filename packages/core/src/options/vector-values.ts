import type { ShardyfusionError } from '../errors.js'
import { invalidValue } from '../errors/error-factories.js'
import { describeValue } from './describe-value.js'

/** A vector as callers pass it. */
export type VectorInput = Float32Array | Float64Array | readonly number[]

/**
 * Returns a vector as float32, without a copy if it is.
 *
 * Errors: SHARD_INVALID_VALUE for another number of values, values that are not finite numbers as
 * float32, and zeros alone under cosine, which have no direction.
 */
export function checkedVector(
  vector: unknown,
  { dimensions, metric }: { readonly dimensions: number; readonly metric: string },
  where: string,
): Float32Array {
  if (!isVector(vector)) {
    throw invalidValue(
      where,
      `a vector must be a Float32Array or a list of ${dimensions} numbers, got ${describeOther(vector)}`,
    )
  }
  if (vector.length !== dimensions) throw wrongDimensions(vector.length, dimensions, where)
  const values = isFloat32Array(vector) ? vector : Float32Array.from(vector)
  let isZero = true
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!
    if (value !== 0) isZero = false
    if (Number.isFinite(value)) continue
    throw invalidValue(
      where,
      `a vector must have finite numbers (of 32 bits, up to 3.4e38), got ${describeValue(vector[i])} as value ${i}`,
      { peer: 'ValueError', details: { at: i } },
    )
  }
  if (isZero && metric === 'cosine') {
    throw invalidValue(
      where,
      'a vector of zeros has no direction, so it has no cosine distance; leave it out, or use the metric l2',
      { peer: 'ValueError' },
    )
  }
  return values
}

function wrongDimensions(got: number, wanted: number, where: string): ShardyfusionError {
  return invalidValue(
    where,
    `a vector must have ${wanted} values (the dimensions of the snapshot), got ${got}; use the model that made ` +
      `the stored vectors, or build with dimensions: ${got}`,
    { peer: 'ConfigValidationError', details: { dimensions: wanted, got } },
  )
}

function describeOther(value: unknown): string {
  if (typeof value === 'string')
    return `text, ${describeValue(value)}; parse it first, for example with JSON.parse`
  if (!Array.isArray(value)) return describeValue(value)
  const at = value.findIndex((item) => typeof item !== 'number')
  return `${describeValue(value[at])} as value ${at}`
}

/** Returns true for a `Float32Array` of any realm. */
export function isFloat32Array(value: unknown): value is Float32Array {
  return Object.prototype.toString.call(value) === '[object Float32Array]'
}

function isVector(value: unknown): value is VectorInput {
  if (isFloat32Array(value)) return true
  if (Object.prototype.toString.call(value) === '[object Float64Array]') return true
  return Array.isArray(value) && value.every((item) => typeof item === 'number')
}

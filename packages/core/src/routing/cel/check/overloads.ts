import {
  BOOL,
  BYTES,
  DOUBLE,
  DURATION,
  DYN,
  INT,
  listOf,
  mapOf,
  NULL,
  STRING,
  TIMESTAMP,
  TYPE,
  type TypeTerm,
  UINT,
} from './type-terms.js'
import { isBytes } from '../../../text/bytes.js'

export interface Overload {
  readonly args: readonly TypeTerm[]
  readonly result: TypeTerm
  readonly member: boolean
}

/** Parameters of generic overloads; the checker renames them for each call. */
const A: TypeTerm = { kind: 'param', id: -1 }
const B: TypeTerm = { kind: 'param', id: -2 }

// The first overload that fits binds an open type, as the item of `[]`, so their order is the reference's.
const ORDERED = [INT, BOOL, UINT, DOUBLE, STRING, BYTES, TIMESTAMP, DURATION]
const ORDERING = ORDERED.map((type) => on([type, type], BOOL))
const SIZED = [listOf(A), mapOf(A, B), STRING, BYTES]
const EQUALITY = [on([A, A], BOOL)]
const same = (...types: TypeTerm[]) => types.map((type) => on([type, type], type))
const from = (result: TypeTerm, ...types: TypeTerm[]) => types.map((type) => on([type], result))
const ofText = on([STRING, STRING], BOOL, true)
const ofTime = [on([TIMESTAMP], INT, true), on([TIMESTAMP, STRING], INT, true)]
const ofTimeOrSpan = [...ofTime, on([DURATION], INT, true)]

/**
 * The functions of an expression with their parameter types, as the reference declares them: CEL's
 * standard library and `shard_hash`.
 */
export const OVERLOADS: ReadonlyMap<string, readonly Overload[]> = new Map([
  ['!_', [on([BOOL], BOOL)]],
  ['-_', from(INT, INT).concat(from(DOUBLE, DOUBLE))],
  [
    '_+_',
    [
      ...same(INT, UINT, DOUBLE, STRING, BYTES, DURATION),
      on([TIMESTAMP, DURATION], TIMESTAMP),
      on([DURATION, TIMESTAMP], TIMESTAMP),
      on([listOf(A), listOf(A)], listOf(A)),
    ],
  ],
  [
    '_-_',
    [
      ...same(INT, UINT, DOUBLE, DURATION),
      on([TIMESTAMP, DURATION], TIMESTAMP),
      on([TIMESTAMP, TIMESTAMP], DURATION),
    ],
  ],
  ['_*_', same(INT, UINT, DOUBLE)],
  ['_/_', same(INT, UINT, DOUBLE)],
  ['_%_', same(INT, UINT)],
  ['_==_', EQUALITY],
  ['_!=_', EQUALITY],
  ['_<_', ORDERING],
  ['_<=_', ORDERING],
  ['_>_', ORDERING],
  ['_>=_', ORDERING],
  ['@in', [on([A, listOf(A)], BOOL), on([A, mapOf(A, B)], BOOL)]],
  ['_[_]', [on([listOf(A), INT], A), on([mapOf(A, B), A], B)]],
  ['size', SIZED.flatMap((type) => [on([type], INT), on([type], INT, true)])],
  ['contains', [ofText]],
  ['startsWith', [ofText]],
  ['endsWith', [ofText]],
  ['matches', [ofText, on([STRING, STRING], BOOL)]],
  ['bool', from(BOOL, BOOL, STRING)],
  ['bytes', from(BYTES, BYTES, STRING)],
  ['double', from(DOUBLE, DOUBLE, INT, UINT, STRING)],
  // The reference declares these two for int, but does not implement them.
  ['duration', from(DURATION, DURATION, STRING, INT)],
  ['int', from(INT, INT, UINT, DOUBLE, STRING, TIMESTAMP, DURATION)],
  ['string', from(STRING, STRING, BOOL, INT, UINT, DOUBLE, BYTES, TIMESTAMP, DURATION)],
  ['timestamp', from(TIMESTAMP, TIMESTAMP, STRING, INT)],
  ['uint', from(UINT, UINT, INT, DOUBLE, STRING)],
  ['dyn', from(DYN, A)],
  ['type', from(TYPE, A)],
  ['getFullYear', ofTime],
  ['getMonth', ofTime],
  ['getDayOfYear', ofTime],
  ['getDayOfMonth', ofTime],
  ['getDate', ofTime],
  ['getDayOfWeek', ofTime],
  ['getHours', ofTimeOrSpan],
  ['getMinutes', ofTimeOrSpan],
  ['getSeconds', ofTimeOrSpan],
  ['getMilliseconds', ofTimeOrSpan],
  ['shard_hash', from(UINT, INT, UINT, STRING, BYTES)],
])

/**
 * Names with a meaning in CEL itself, which a column cannot have; `type()` returns most of them.
 */
export const TYPE_NAMES: ReadonlySet<string> = new Set([
  'bool',
  'bytes',
  'double',
  'dyn',
  'int',
  'list',
  'map',
  'null_type',
  'string',
  'type',
  'uint',
])

/** Type names with dots, which a column may hide. */
export const MESSAGE_NAMES: ReadonlySet<string> = new Set([
  'google.protobuf.Timestamp',
  'google.protobuf.Duration',
])

export function literalType(value: unknown): TypeTerm {
  switch (typeof value) {
    case 'bigint':
      return INT
    case 'number':
      return DOUBLE
    case 'string':
      return STRING
    case 'boolean':
      return BOOL
    default:
  }
  if (value === null) return NULL
  return isBytes(value) ? BYTES : UINT
}

function on(args: readonly TypeTerm[], result: TypeTerm, member = false): Overload {
  return { args, result, member }
}

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { CelType, RoutingContext } from '@shardyfusion/core'
import { textOfDouble } from '#dist/routing/cel/run/text-of-double.js'
import { CelExpression } from '#dist/routing/cel/cel-expression.js'
import { golden } from '../support/golden.js'
import { failure } from '../support/key-vectors.js'

interface Vector {
  readonly expr: string
  readonly cols: Record<string, CelType>
  readonly compile: string
  readonly evals?: readonly (readonly [columns: Record<string, string>, result: string])[]
}

/** Errors that the reference turns into text, where this package raises. */
const ERROR_TEXT = /^s:(?:INVALID_ARGUMENT|OUT_OF_RANGE|NOT_FOUND|UNKNOWN): /
const refused = failure('SHARD_ROUTING', 'ConfigValidationError')

function json<T>(name: string): T {
  return JSON.parse(new TextDecoder().decode(golden(`cel/${name}`))) as T
}

function untag(tagged: string): unknown {
  if (tagged === 'null') return null
  const value = tagged.slice(tagged.indexOf(':') + 1)
  if (tagged.startsWith('i:')) return BigInt(value)
  if (tagged.startsWith('s:')) return value
  if (tagged.startsWith('b:')) return new Uint8Array(Buffer.from(value, 'hex'))
  if (tagged.startsWith('f:'))
    return value === 'inf' ? Infinity : value === '-inf' ? -Infinity : Number(value)
  if (tagged.startsWith('bool:')) return value === 'True'
  throw new Error(`unknown tag in ${tagged}`)
}

function tag(value: unknown): string {
  if (typeof value === 'bigint') return `i:${value}`
  if (value instanceof Uint8Array) return `b:${Buffer.from(value).toString('hex')}`
  return `s:${String(value)}`
}

/** A float cannot stand for an integer in Python; here a whole number can. */
function isFloatForInt(columns: Record<string, string>, { cols }: Vector): boolean {
  return Object.entries(columns).some(
    ([name, value]) => value.startsWith('f:') && (cols[name] === 'int' || cols[name] === 'uint'),
  )
}

for (const file of ['expressions.json', 'expressions-2.json']) {
  const vectors = json<readonly Vector[]>(file)
  test(`cel: every expression of ${file} compiles, or is refused, as in the reference`, async () => {
    for (const { expr, cols, compile } of vectors) {
      const compiling = CelExpression.compile(expr, cols, 'test')
      if (compile === 'ok') await assert.doesNotReject(compiling, expr)
      else await assert.rejects(compiling, refused, expr)
    }
  })

  test(`cel: every value of ${file} is the reference's, and its errors are errors`, async () => {
    let values = 0
    for (const vector of vectors) {
      if (vector.compile !== 'ok') continue
      const expression = await CelExpression.compile(vector.expr, vector.cols, 'test')
      for (const [columns, expected] of vector.evals ?? []) {
        if (isFloatForInt(columns, vector)) continue
        const context: RoutingContext = Object.fromEntries(
          Object.entries(columns).map(([name, value]) => [name, untag(value)]),
        ) as RoutingContext
        const what = `${vector.expr} of ${JSON.stringify(columns)}`
        values++
        if (expected.startsWith('ER') || ERROR_TEXT.test(expected)) {
          assert.throws(() => expression.evaluate(0n, context, 'test'), what)
        } else assert.equal(tag(expression.evaluate(0n, context, 'test')), expected, what)
      }
    }
    assert.ok(values > 30, `${values} values`)
  })
}

test('cel: doubles are printed as the reference prints them', () => {
  const vectors = json<readonly (readonly [bits: string, text: string])[]>('string-of-double.json')
  for (const [bits, text] of vectors) {
    const value = Buffer.from(bits, 'hex').readDoubleBE()
    // The sign of a NaN cannot be seen here.
    if (!Number.isNaN(value)) assert.equal(textOfDouble(value), text, bits)
  }
  assert.ok(vectors.length > 1000)
})

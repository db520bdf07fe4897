import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { parseJson, stringifyJson } from '#dist/text/lossless-json.js'

test('parseJson: agrees with JSON.parse but for integers it would round', () => {
  fc.assert(
    fc.property(fc.json({ noUnicodeString: false }), (text) => {
      const toNumber = (_: string, value: unknown): unknown =>
        typeof value === 'bigint' ? Number(value) : value
      assert.deepEqual(JSON.parse(JSON.stringify(parseJson(text), toNumber)), JSON.parse(text))
    }),
  )
})

test('parseJson: refuses exactly the texts JSON.parse refuses', () => {
  const token = fc.constantFrom(
    '{',
    '}',
    '[',
    ']',
    ',',
    ':',
    '"a"',
    '"',
    '\\',
    '\\u00e9',
    '1',
    '-',
    '0',
    '01',
    '1.',
    '.5',
    '1e5',
    '1e',
    ' ',
    '\n',
    'true',
    'null',
    'nul',
    'NaN',
    '\u0001',
    '"\\x"',
    '"\\ud800"',
    '\ufeff',
  )
  const accepts = (parse: () => unknown): boolean => {
    try {
      parse()
      return true
    } catch (error) {
      assert.ok(error instanceof SyntaxError)
      return false
    }
  }
  fc.assert(
    fc.property(fc.array(token, { maxLength: 7 }), (tokens) => {
      const text = tokens.join('')
      assert.equal(
        accepts(() => parseJson(text)),
        accepts(() => JSON.parse(text)),
        text,
      )
    }),
    { numRuns: 5000 },
  )
})

test('parseJson: integers keep every digit', () => {
  assert.deepEqual(parseJson('[9007199254740991, 9007199254740993, -18446744073709551616]'), [
    9007199254740991,
    9007199254740993n,
    -18446744073709551616n,
  ])
  assert.deepEqual(parseJson('[1, 1.0, 1e2]', { integers: 'bigint' }), [1n, 1, 100])
  assert.throws(() => parseJson('9'.repeat(5000)), SyntaxError)
})

test('parseJson: non-finite tokens only where they are allowed', () => {
  assert.deepEqual(parseJson('[NaN, Infinity, -Infinity]', { nonFinite: true }), [
    NaN,
    Infinity,
    -Infinity,
  ])
  for (const text of ['NaN', 'Infinity', '-Infinity'])
    assert.throws(() => parseJson(text), SyntaxError)
})

test('parseJson: __proto__ is a member like any other', () => {
  const value = parseJson('{"__proto__": {"polluted": 1}, "a": 1, "a": 2}') as Record<
    string,
    unknown
  >
  assert.deepEqual(Object.keys(value), ['__proto__', 'a'])
  assert.equal(Object.getPrototypeOf(value), Object.prototype)
  assert.equal(value.a, 2)
  assert.equal(stringifyJson(value, 'compact'), '{"__proto__":{"polluted":1},"a":2}')
})

test('parseJson: nesting is bounded', () => {
  const nested = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth)
  assert.ok(Array.isArray(parseJson(nested(500))))
  assert.throws(() => parseJson(nested(501)), SyntaxError)
  assert.throws(() => parseJson('['.repeat(1_000_000)), SyntaxError)
})

test('stringifyJson: writes what the Python side writes', () => {
  const value = {
    b: [1, 2.5, null, true, 'é😀\u007f'],
    a: 18446744073709551615n,
    '\uffff': 1,
    '😀': 2,
  }
  assert.equal(
    stringifyJson(value, 'spaced'),
    '{"a": 18446744073709551615, "b": [1, 2.5, null, true, "\\u00e9\\ud83d\\ude00\\u007f"], "\\uffff": 1, "\\ud83d\\ude00": 2}',
  )
  assert.equal(stringifyJson({ a: [1, 2], b: {} }, 'compact'), '{"a":[1,2],"b":{}}')
})

test('stringifyJson: numbers come back as numbers, bigints as integers', () => {
  for (const value of [
    0,
    -0,
    0.1,
    2 ** 53,
    -(2 ** 60),
    1e21,
    5e-324,
    Number.MAX_VALUE,
    2n ** 64n,
    -(2n ** 53n),
  ]) {
    assert.ok(Object.is(parseJson(stringifyJson(value, 'compact')), value), String(value))
  }
})

test('stringifyJson: names the path of what is no JSON', () => {
  const cycle: Record<string, unknown> = {}
  cycle.self = cycle
  const cases: [unknown, RegExp][] = [
    [{ a: [1, NaN] }, /^a\[1\]: NaN/],
    [{ a: { when: new Date(0) } }, /^a\.when: object/],
    [{ a: () => 1 }, /^a: function/],
    [[undefined], /^\[0\]: undefined/],
    // eslint-disable-next-line no-sparse-arrays
    [[, 1], /^\[0\]: undefined/],
    [cycle, /500 levels, or a cycle/],
    [new Uint8Array(2), /^the value: object/],
  ]
  for (const [value, message] of cases)
    assert.throws(() => stringifyJson(value, 'compact'), { name: 'TypeError', message })
  assert.equal(stringifyJson({ a: undefined }, 'compact'), '{}')
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { compactJson } from '#dist/json/compact-json.js'
import { jsonProblem } from '#dist/json/json-problem.js'
import { nestsDeeper } from '#dist/json/nests-deeper.js'

const tokens = fc
  .array(
    fc.constantFrom(
      '{',
      '}',
      '[',
      ']',
      ',',
      ':',
      '"',
      '"a"',
      '\\',
      '\\u00e9',
      '1',
      '-',
      '.',
      'e',
      '0',
      'true',
      'nul',
      'null',
      ' ',
      '\n',
      '\t',
      '\u0001',
      '1.5e+3',
      '{}',
      '"b":1',
    ),
    { maxLength: 12 },
  )
  .map((parts) => parts.join(''))

test('jsonProblem: accepts exactly what JSON.parse accepts', () => {
  const valid = fc
    .tuple(fc.jsonValue(), fc.constantFrom(undefined, 2))
    .map(([v, n]) => JSON.stringify(v, undefined, n))
  const damaged = fc
    .tuple(valid, fc.nat(), fc.constantFrom('', '"', ',', ']', '}', '0', '\\', '\n'))
    .map(
      ([text, at, mark]) =>
        text.slice(0, at % (text.length + 1)) + mark + text.slice((at % (text.length + 1)) + 1),
    )
  fc.assert(
    fc.property(fc.oneof(tokens, valid, damaged), (text) => {
      assert.equal(jsonProblem(text, 1000) === undefined, parses(text), JSON.stringify(text))
    }),
    { numRuns: 5000 },
  )
})

test('jsonProblem: returns the position, and rejects deep nesting', () => {
  assert.deepEqual(jsonProblem('{"a":01}', 9), { reason: 'unexpected "0"', at: 5 })
  assert.deepEqual(jsonProblem('[1', 9), { reason: 'it is incomplete', at: 2 })
  assert.equal(jsonProblem('[[[]]]', 3), undefined)
  assert.match(jsonProblem('[[[[]]]]', 3)!.reason, /nested more than 3 levels deep/)
  assert.equal(jsonProblem('['.repeat(5_000_000), 1000)!.at, 1000)
})

test('nestsDeeper: counts nested brackets, not consecutive ones or brackets in strings', () => {
  assert.equal(nestsDeeper('[[[]]]', 2), true)
  assert.equal(nestsDeeper('[[[]]]', 3), false)
  assert.equal(nestsDeeper('[[],[],[],"[[[[\\"[[["]', 2), false)
})

test('compactJson: removes white space between tokens, and changes no value', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const text = JSON.stringify(value, undefined, 2)
      if (text.includes('\n')) assert.equal(compactJson(text), JSON.stringify(value))
    }),
  )
  assert.equal(compactJson('{\r\n "a b" : 1.50 }\n'), '{"a b":1.50}')
})

function parses(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { jsonField } from '#dist/input/json-field.js'

test('jsonField: returns the source text of every field of any object', () => {
  fc.assert(
    fc.property(
      fc.dictionary(fc.string(), fc.jsonValue()),
      fc.integer({ min: 0, max: 3 }),
      (object, indent) => {
        const json = JSON.stringify(object, undefined, indent)
        const parsed = JSON.parse(json) as Record<string, unknown>
        for (const name of Object.keys(parsed))
          assert.deepEqual(JSON.parse(jsonField(json, name)!), parsed[name])
        assert.equal(jsonField(json, 'no such field: \u0000'), undefined)
      },
    ),
    { numRuns: 500 },
  )
})

test('jsonField: keeps every digit, and returns the last of duplicate fields', () => {
  const json = '{"n":1, "a":{"n":2,"x":["}",{}]}, "\\u006e" : 12345678901234567890 , "z":null}'
  assert.equal(jsonField(json, 'n'), '12345678901234567890')
  assert.equal(jsonField(json, 'a'), '{"n":2,"x":["}",{}]}')
  assert.equal(jsonField(json, 'x'), undefined)
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import * as v from 'valibot'
import { parseOptions } from '#dist/options/parse-options.js'
import { unknownOption } from '#dist/options/unknown-option.js'

const MANY = Array.from({ length: 9 }, (_, i) => `${'abcdefghi'[i]!.repeat(6)}Bytes`)

test('unknownOption: names the option that was probably meant, else all of a few', () => {
  for (const [path, known, end] of [
    ['pefix', ['prefix', 'values'], '; did you mean "prefix"?'],
    ['prefxi', ['prefix', 'values'], '; did you mean "prefix"?'],
    ['MaxBytes', ['maxBytes', 'minBytes'], '; did you mean "maxBytes"?'],
    ['retry.maxRetry', ['maxRetries', 'backoffMs'], '; the options are maxRetries, backoffMs'],
    ['a.b.limits', ['limit'], '; did you mean "a.b.limit"?'],
    ['colour', ['limit', 'signal'], '; the options are limit, signal'],
    ['colour', ['limit'], '; the option is limit'],
    ['colour', MANY, ''],
    ['colour', [], ''],
    ['', ['a'], '; the option is a'],
  ] as const) {
    assert.equal(unknownOption(path, known), `unknown option "${path}"${end}`)
  }
})

test('unknownOption: one letter too few, too many or replaced is recognized in any name', () => {
  const letters = fc.constantFrom(...'abcdefghijklmnopqrstuvwxyz')
  const name = fc.string({ unit: letters, minLength: 3, maxLength: 30 })
  fc.assert(
    fc.property(name, fc.nat(29), letters, fc.nat(2), (known, at, letter, kind) => {
      const i = at % known.length
      const rest = known.slice(kind === 1 ? i : i + 1)
      const misspelt = known.slice(0, i) + (kind === 0 ? '' : letter) + rest
      fc.pre(misspelt !== known)
      assert.equal(
        unknownOption(misspelt, [known, ...MANY]),
        `unknown option "${misspelt}"; did you mean "${known}"?`,
      )
    }),
  )
})

test('parseOptions: names the options of the object that has the unknown one', () => {
  const schema = v.strictObject({
    prefix: v.optional(v.string()),
    retry: v.optional(v.strictObject({ maxRetries: v.optional(v.number()) })),
  })
  assert.throws(() => parseOptions(schema, { retry: { maxRetris: 1 }, prefx: 'x' }, 'open'), {
    code: 'SHARD_INVALID_OPTION',
    message:
      'open: unknown option "retry.maxRetris"; did you mean "retry.maxRetries"?; ' +
      'unknown option "prefx"; did you mean "prefix"?',
  })
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { unboundedQuantifiers } from '../lint/bounded-regex.mjs'

test('bounded-regex: finds unbounded quantifiers, and whether they repeat a group', () => {
  /** @param {string} pattern */
  const groups = (pattern) => unboundedQuantifiers(pattern).map(({ ofGroup }) => ofGroup)
  assert.deepEqual(groups('"(?:[^"\\\\]|\\\\.)*"'), [true])
  assert.deepEqual(groups('^\\s+$'), [false])
  assert.deepEqual(groups('a{2,}(b){3,}c{1,9}d{4}'), [false, true])
  assert.deepEqual(groups('(a|b)+?[)*+]+'), [true, false])
})

test('bounded-regex: ignores characters that only look like quantifiers', () => {
  for (const pattern of ['\\*\\+', '[*+{2,}]', 'a?b{0,20}', '\\(x\\)', '{,3}'])
    assert.deepEqual(unboundedQuantifiers(pattern), [], pattern)
})

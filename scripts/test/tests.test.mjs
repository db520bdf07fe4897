import assert from 'node:assert/strict'
import { test } from 'node:test'
import { selectTests } from '../lib/tests.mjs'

const files = [
  'packages/core/dist-test/keys/stored-bytes.test.js',
  'packages/core/dist-test/architecture.test.js',
  'packages/sync/dist-test/keys/keys.test.js',
  'scripts/test/tests.test.mjs',
]

const cases = /** @type {const} */ ([
  ['nothing', [], [0, 1, 2, 3]],
  ['a part of a name', ['arch'], [1]],
  ['a compiled folder', ['packages/core/dist-test/keys'], [0]],
  ['a source folder', ['./packages/core/test/keys/'], [0]],
  ['a source file', ['packages/core/test/keys/stored-bytes.test.ts'], [0]],
  ['a path of Windows', ['packages\\core\\test'], [0, 1]],
  ['a package', ['packages/sync'], [2]],
  ['several words', ['arch', 'sync'], [1, 2]],
  ['a script test', ['scripts/test'], [3]],
  ['an unknown word', ['nowhere'], []],
])

for (const [name, words, expected] of cases) {
  test(`selectTests: ${name}`, () => {
    assert.deepEqual(
      selectTests(files, words),
      expected.map((i) => files[i]),
    )
  })
}

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { selectBenchmarks } from '../lib/bench.mjs'

const files = ['get-many.bench.js', 'get.bench.js', 'memory-build.js', 'scan.bench.js']

const cases = /** @type {const} */ ([
  ['nothing', [], ['get-many.bench.js', 'get.bench.js', 'scan.bench.js']],
  ['a part of a name', ['get'], ['get-many.bench.js', 'get.bench.js']],
  ['several words', ['many', 'scan'], ['get-many.bench.js', 'scan.bench.js']],
  ['a long one in full', ['memory-build'], ['memory-build.js']],
  ['a part of a long one', ['memory'], []],
  ['the end of all file names', ['bench'], []],
])

for (const [name, words, expected] of cases) {
  test(`selectBenchmarks: ${name}`, () => {
    assert.deepEqual(selectBenchmarks(files, words), expected)
  })
}

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { commentLines, documentLines, literalLines, marksOf } from '../lib/prose.mjs'

test('commentLines: returns the text of line, block and trailing comments, and ignores URLs', () => {
  const source = [
    '// one',
    '/** two */',
    ' * three',
    'code() // four',
    "const url = 'http://x'",
    'code()',
  ].join('\n')
  assert.deepEqual(
    [...commentLines(source)],
    [
      [1, 'one'],
      [2, 'two'],
      [3, 'three'],
      [4, 'four'],
    ],
  )
})

test('literalLines: returns sentences in code, and ignores names, imports and comments', () => {
  const source = [
    "import { a } from './a b.js'",
    "// 'in a comment here'",
    "throw new Error('two words', `and ${x} more`, 'name')",
  ].join('\n')
  assert.deepEqual([...literalLines(source)], [[3, 'two words … and ${x} more']])
})

test('documentLines: skips fenced code', () => {
  assert.deepEqual(
    [...documentLines('text\n```ts\ncode\n```\nmore')],
    [
      [1, 'text'],
      [5, 'more'],
    ],
  )
})

test('marksOf: finds each occurrence of an idiom with its file and line', () => {
  const sentences = [
    [1, 'The caller retries when the store is busy.'],
    [7, 'Whoever asks is told of what lies there, and nobody mends it.'],
  ]
  const marks = marksOf('a.ts', /** @type {[number, string][]} */ (sentences))
  assert.deepEqual(
    marks.map(({ file, line, idiom }) => `${file}:${line} ${idiom}`),
    [
      'a.ts:7 who or whoever as a noun',
      'a.ts:7 tells or told for reports',
      'a.ts:7 nobody, somebody, anybody',
      'a.ts:7 lies for is stored',
      'a.ts:7 mend',
    ],
  )
})

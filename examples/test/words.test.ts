import assert from 'node:assert/strict'
import { test } from 'node:test'
import { main } from '#dist/words.js'
import { loadWords } from '#dist/support/words.js'
import { runMain } from './support/run-main.js'
import { tempFolder } from '@shardyfusion/test-support/temp-folder'

const installed = loadWords() !== undefined
if (!installed && process.env['SHARDYFUSION_REQUIRE_WORDS'] === '1')
  throw new Error('the word vectors are missing; run: npm run setup:words')

test(
  'words: similar words, arithmetic, and an index that finds what it promises',
  { skip: !installed && 'needs word vectors: run `npm run setup:words` once (118 MB)' },
  async () => {
    const { stdout, outcome } = runMain(main, ['king', '--folder', tempFolder()])
    await outcome
    const { text } = stdout
    assert.match(text, /341,479 words/)
    assert.match(text, /\(MIT\)/)
    assert.match(text, /searchLike\('king'\) +.*\b(queen|prince)\b/)
    assert.match(text, /king - man \+ woman\n +.*\bqueen\b/)
    const found = (name: string): number =>
      Number(new RegExp(`${name} +([\\d.]+) %`).exec(text)![1])
    assert.equal(found('exact: true'), 100)
    assert.ok(found('recall: 0.99') >= 97, text)
    assert.ok(found('recall: 0.9') >= 85, text)
  },
)

test('words: --help prints the usage', async () => {
  const { stdout, outcome } = runMain(main, ['--help'])
  await outcome
  assert.match(stdout.text, /Usage: npm run words/)
})

import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { ROOT } from '../lib/paths.mjs'
import { newerThanNode20, readmeProgram } from '../lib/readme-program.mjs'

const MARKDOWN = [
  '# x',
  '```sh',
  'npm install x',
  '```',
  '```ts',
  "import { x } from 'x'",
  '```',
  'text',
  '```ts',
  'await using y = x()',
  '```',
  '',
].join('\n')

test('the blocks of TypeScript are one program, after what the README leaves to its readers', () => {
  const blocks = "import { x } from 'x'\n\nawait using y = x()\n\nexport {}\n"
  assert.equal(readmeProgram('x', MARKDOWN), `\n${blocks}`)
  assert.match(readmeProgram('sqlite-file', MARKDOWN) ?? '', /declare const path: string/)
  assert.equal(readmeProgram('x', '# x'), undefined)
  assert.equal(readmeProgram('@shardyfusion/telemetry', MARKDOWN), undefined)
})

test('no README of a package has a statement that Node 20 refuses', () => {
  assert.deepEqual(newerThanNode20(MARKDOWN), [
    'needs Node 24, call close() instead: await using y = x()',
  ])
  for (const name of readdirSync(join(ROOT, 'packages'))) {
    if (name === 'test-support') continue
    const markdown = readFileSync(join(ROOT, 'packages', name, 'README.md'), 'utf8')
    assert.deepEqual(newerThanNode20(markdown), [], name)
  }
})

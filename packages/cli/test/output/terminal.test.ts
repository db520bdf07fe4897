import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

const FOLDER = fileURLToPath(new URL('../..', import.meta.url))
const CHILD = `
import { isTerminal } from '#dist/output/terminal.js'
console.log(isTerminal(0), import.meta.resolve('@shardyfusion/input'))`

test('terminal: a look at a pipe leaves the paths of packages behind links as they are', () => {
  const args = ['--input-type=module', '--eval', CHILD]
  const { stdout, stderr } = spawnSync(process.execPath, args, { cwd: FOLDER, input: 'x' })
  assert.match(String(stdout), /^false file:/, String(stderr))
  // Packages of a package manager with links would not find their own dependencies.
  assert.doesNotMatch(String(stdout), /node_modules/)
})

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { instrumentTable } from './support/instrument-table.js'

const README = new URL('../README.md', import.meta.url)

test('readme: lists all instruments, with those of the Python project', () => {
  const [, table] = /<!-- instruments -->\n([\s\S]*?)\n?<!-- \/instruments -->/.exec(
    readFileSync(README, 'utf8'),
  )!
  assert.equal(table, instrumentTable())
})

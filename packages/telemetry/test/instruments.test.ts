import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { instrumentTable } from './support/instrument-table.js'

const PAGE = new URL('../../../site/pages/metrics.md', import.meta.url)

test('the page of metrics lists all instruments, with those of the Python project', () => {
  const [, table] = /<!-- instruments -->\n([\s\S]*?)\n?<!-- \/instruments -->/.exec(
    readFileSync(PAGE, 'utf8'),
  )!
  assert.equal(table, instrumentTable())
})

import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { main } from '#dist/lancedb-places.js'
import { runMain } from './support/run-main.js'
import { tempFolder } from '@shardyfusion/test-support/temp-folder'

test('lancedb places: finds the cities nearest to one, and those abroad', async () => {
  const { stdout, outcome } = runMain(main, ['Nairobi', '--prefix', join(tempFolder(), 'places')])
  await outcome
  const lines = stdout.text.split('\n')
  assert.match(lines[0]!, /^near Nairobi, KE, /)
  for (const line of lines.slice(1, 4))
    assert.match(line, /^ {2}\d+ km {2}.*, [A-Z]{2}, [\d,]+ people$/)
  assert.match(lines[1]!, /, KE, /)
  assert.equal(lines[4], 'abroad')
  for (const line of lines.slice(5, 8)) {
    assert.match(line, /^ {2}\d+ km {2}.*, [A-Z]{2}, [\d,]+ people$/)
    assert.doesNotMatch(line, /, KE, /)
  }
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { main } from '#dist/cities-search.js'
import { nameVector } from '#dist/support/name-vector.js'
import { runMain } from './support/run-main.js'
import { tempFolder } from '@shardyfusion/test-support/temp-folder'

test('cities-search: misspelled names find their cities, filters and other rows work', async () => {
  const { stdout, outcome } = runMain(main, ['--folder', tempFolder()])
  await outcome
  const { text } = stdout
  assert.match(text, /find\("Kopenhagen"\) .*\n +0\.\d+ {2}Copenhagen, DK/)
  assert.match(text, /find\("Reykjavic"\) .*\n +0\.\d+ {2}Reykjavík, IS/)
  // Several cities have the name; the largest comes first.
  assert.match(text, /find\("San Fransisco"\) .*\n +0\.\d+ {2}San Francisco, US, 864,816 people/)
  const filtered = /payload\.country == 'US'.*\n((?: +0\.\d+ {2}.*\n)+)/.exec(text)![1]!
  assert.equal(filtered.match(/, US, /g)?.length, 3)
  assert.match(filtered, /0\.000 {2}London, US/)
  assert.match(text, /searchLike\(2643743\) +London, GB, [\d,]+ people/)
  const [, hits, of] = /(\d+) of (\d+) with a letter missing are in their top 10/.exec(text)!
  assert.ok(Number(hits) / Number(of) > 0.6, `${hits} of ${of}`)
})

test('cities-search: names without letters have a direction, too', () => {
  for (const name of ['', '1', '…']) assert.ok(nameVector(name).some((value) => value !== 0))
})

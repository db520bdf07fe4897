import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { SnapshotReader } from '@shardyfusion/core'
import { Pty } from '../support/pty.js'
import { shardy } from '../support/shardy.js'
import { emptyPlace, fileIn, publishedPlace, type TestSnapshot } from '../support/snapshot.js'

function rows(count: number): string {
  const text = (id: number) => createHash('sha256').update(String(id)).digest('hex')
  return Array.from({ length: count }, (_, id) => `{"id":${id},"text":"${text(id)}"}\n`).join('')
}

/** Checks that only the complete run `before` exists, and nothing of the stopped build. */
async function onlyBefore({ folder, prefix }: TestSnapshot): Promise<void> {
  const reader = await SnapshotReader.open({ prefix, values: 'json' })
  assert.equal(reader.info().runId, 'before')
  assert.deepEqual(await reader.get(7), { id: 7, name: 'before-7' })
  await reader.close()
  assert.deepEqual(readdirSync(join(folder, 'snap/manifests')).length, 1)
}

test('build on a terminal: shows a bar with rate and remaining time, the state of the shards, then the result', async (t) => {
  const place = emptyPlace()
  const file = fileIn(place, 'rows.ndjson', rows(20_000))
  const args = [
    'build',
    file,
    '-p',
    place.prefix,
    '-k',
    'id',
    '--shards',
    '6',
    '--max-rows-per-second',
    '20000',
  ]
  const pty = new Pty(t, args)
  assert.equal((await pty.exit()).code, 0, pty.text)
  const frames = pty.text.split('\r')
  assert.match(pty.text, /writing {4}█*░* {2}\d+ % {2}[\d,]+ rows {2}[\d,]+ rows\/s {2}/)
  assert.match(pty.text, / left {2}/)
  assert.match(pty.text, /shards {5}□+ {2}0 of 6 sealed/)
  assert.match(pty.text, /shards {5}■{6} {2}6 of 6 sealed/)
  assert.match(pty.text, /\r?\npublished {2}[0-9a-f]{32}\r?\nrows {7}20,000\r?\n/)
  for (const frame of frames)
    assert.ok(
      frame.split('\n').every((line) => line.length <= 100),
      frame,
    )
  // The lines are redrawn in place.
  assert.ok(pty.output.includes('\u001B[1A'))
})

test('build on a terminal: NO_COLOR removes the colors and keeps the bar', async (t) => {
  const place = emptyPlace()
  const file = fileIn(place, 'rows.ndjson', rows(500))
  const pty = new Pty(t, ['build', file, '-p', place.prefix, '-k', 'id'], {
    env: { NO_COLOR: '1' },
  })
  assert.equal((await pty.exit()).code, 0)
  assert.doesNotMatch(pty.output, /\u001B\[[\d;]*m/)
  assert.match(pty.text, /8 of 8 sealed/)
})

test('build on a terminal: Ctrl-C while it waits for rows ends it and publishes nothing', async (t) => {
  const place = await publishedPlace(['before', 20])
  const pty = new Pty(t, ['build', '-', '-p', place.prefix, '-k', 'id'])
  pty.type('{"id":1}\r')
  await pty.shows(/1 rows/)
  pty.type('\u0003')
  const { code } = await pty.exit()
  assert.equal(code, 130, pty.text)
  assert.match(pty.text, /Nothing was published\./)
  await onlyBefore(place)
})

test('build on a terminal: Ctrl-C during writing ends it and publishes nothing', async (t) => {
  const place = await publishedPlace(['before', 20])
  const file = fileIn(place, 'rows.ndjson', rows(60_000))
  // At this rate the build would take minutes.
  const pty = new Pty(t, [
    'build',
    file,
    '-p',
    place.prefix,
    '-k',
    'id',
    '--max-rows-per-second',
    '500',
  ])
  await pty.shows(/[\d,]{4,} rows/)
  pty.type('\u0003')
  const { code } = await pty.exit()
  assert.equal(code, 130, pty.text)
  assert.match(pty.text, /Nothing was published\./)
  await onlyBefore(place)
})

test('build without a terminal: prints plain lines without escapes', async () => {
  const place = emptyPlace()
  const { code, stderr } = await shardy(
    ['build', '-p', place.prefix, '-k', 'id', '--shards', '2'],
    { stdin: rows(100) },
  )
  assert.equal(code, 0)
  assert.match(
    stderr,
    /^run [0-9a-f]{32}\n(?:writing: .*\n)*sealing: 0 of 2 shards, 100 rows, [\s\S]*\npublished: 100 rows, .*, 2 shards, [\d,]+ rows\/s, .*\n$/,
  )
  assert.doesNotMatch(stderr, /\u001B|\r/)
  assert.ok(existsSync(join(place.folder, 'snap/_CURRENT')))
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { BuildProgress } from '@shardyfusion/core'
import { withProgress } from '#dist/support/progress-line.js'
import { Captured } from './support/run-main.js'

const progress = (phase: BuildProgress['phase'], rows: number): BuildProgress => ({
  phase,
  rows,
  bytes: rows * 100,
  shards: 8,
  shardsSealed: 8,
  shardsResumed: 0,
  retries: 0,
  retriedShards: [],
  elapsedMs: 0,
  rowsPerSecond: 0,
})

class Terminal extends Captured {
  readonly isTTY = true
  readonly columns = 40
}

test('progress: a terminal shows one line that is redrawn and never too wide', async (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] })
  const terminal = new Terminal()
  await withProgress(terminal, async (onProgress) => {
    onProgress(progress('writing', 1000))
    t.mock.timers.tick(100)
    onProgress(progress('writing', 2_000_000))
    t.mock.timers.tick(100)
    onProgress(progress('done', 3_000_000))
  })
  assert.equal(terminal.writes.length, 4)
  assert.match(terminal.writes[1]!, /^\r {3}writing {5}2,000,000 rows/)
  assert.match(terminal.writes[2]!, /^\r {3}published/)
  for (const write of terminal.writes.slice(0, 3)) {
    assert.ok(write.startsWith('\r') && write.endsWith('\u001B[K') && !write.includes('\n'))
    assert.ok(write.length <= 1 + 39 + 3, write)
  }
  assert.equal(terminal.writes[3], '\n')
})

test('progress: other outputs receive whole lines, at most one per second, and the last one', async (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] })
  const file = new Captured()
  await withProgress(file, async (onProgress) => {
    for (let i = 1; i <= 100; i++) onProgress(progress('writing', i))
    t.mock.timers.tick(1000)
    for (let i = 1; i <= 100; i++) onProgress(progress('sealing', 100))
    onProgress(progress('done', 100))
  })
  assert.equal(file.writes.length, 2)
  assert.match(file.writes[0]!, /^ {3}writing .*100 rows.*\n$/)
  assert.match(file.writes[1]!, /^ {3}published .*100 rows.*\n$/)
})

test('progress: a failed build leaves no timer and no partial line', async () => {
  const terminal = new Terminal()
  const failure = new Error('no')
  await assert.rejects(
    withProgress(terminal, async (onProgress) => {
      onProgress(progress('done', 1))
      throw failure
    }),
    failure,
  )
  assert.equal(terminal.writes.at(-1), '\n')
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { main as logToConsole } from '#dist/console-log.js'
import { main } from '#dist/event-log.js'
import { runMain } from './support/run-main.js'

const BUILD = ['write_started', 'shard_write_completed', 'manifest_published', 'write_completed']

test('event-log: pino gets one line for each event, with fields', async () => {
  const { stdout, outcome } = runMain(main, [])
  await outcome
  const lines = stdout.text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { msg: string; prefix: string; level: number })
  assert.deepEqual(
    lines.map(({ msg }) => msg),
    [...BUILD, 'reader_initialized', 'reader_refresh_unchanged', 'reader_closed'],
  )
  for (const { prefix } of lines) assert.equal(prefix, 'memory://event-log-example')
})

test('console-log: writes text for people, with the fields of the job', async () => {
  const { stdout, outcome } = runMain(logToConsole, [])
  await outcome
  const lines = stdout.text.trim().split('\n')
  assert.deepEqual(
    lines.map((line) => /^\S+Z INFO {2}(\S+) job=prices-hourly /.exec(line)?.[1]),
    BUILD,
  )
  assert.match(lines[0]!, / prefix=memory:\/\/console-log-example run_id=\w+$/)
})

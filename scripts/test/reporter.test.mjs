import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'node:test'
import { folder } from './support.mjs'

const REPORTER = new URL('../lib/reporter.mjs', import.meta.url).href

test('reporter: prints each count once, after the failures', (t) => {
  const dir = folder(t, {
    'sample.test.mjs': `
      import { test } from 'node:test'
      test('works', () => {})
      test('breaks', () => { throw new Error('deliberate') })
    `,
  })
  // With NODE_TEST_CONTEXT, the inner run would report to the outer one.
  const { NODE_TEST_CONTEXT: _, ...env } = process.env
  const { stdout, status } = spawnSync(
    process.execPath,
    ['--test', `--test-reporter=${REPORTER}`, join(dir, 'sample.test.mjs')],
    { encoding: 'utf8', env, cwd: dir },
  )
  assert.equal(status, 1)
  assert.match(stdout, /✖ failing tests:[^]*deliberate[^]*\nℹ tests 2\n/)
  assert.match(stdout, /ℹ tests 2\nℹ suites 0\nℹ pass 1\nℹ fail 1\n[^]*ℹ duration_ms [\d.]+\n$/)
  assert.equal(stdout.match(/tests 2/g)?.length, 1)
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { runScript } from '../support/run-script.js'

test('what the worker prints appears whole and in order, also before an exit', async () => {
  const child = new URL('../support/print-child.js', import.meta.url)
  const { code, stdout, stderr } = await runScript(child)
  assert.equal(code, 0, stderr)
  const lines = Array.from({ length: 1000 }, (_, n) => `worker line ${n} ${'x'.repeat(100)}\n`)
  const expected = [0, 1, 2].map((i) => `before ${i}\n${lines.join('')}after ${i}\n`)
  assert.equal(stdout, expected.join(''))
  assert.equal(stderr, 'worker error line\n'.repeat(3))
})

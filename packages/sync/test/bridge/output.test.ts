import assert from 'node:assert/strict'
import { test } from 'node:test'
import { runScript } from '../support/run-script.js'

test('what the worker prints appears whole and in order, also before an exit', async () => {
  const child = new URL('../support/print-child.js', import.meta.url)
  const { code, stdout, stderr } = await runScript(child)
  assert.equal(code, 0, stderr)
  const expected = [0, 1, 2].flatMap((i) => [
    `before ${i}`,
    ...Array.from({ length: 1000 }, (_, n) => `worker line ${n} ${'x'.repeat(100)}`),
    `after ${i}`,
  ])
  assert.deepEqual(stdout.trimEnd().split('\n'), expected)
  assert.equal(stderr, 'worker error line\n'.repeat(3))
})

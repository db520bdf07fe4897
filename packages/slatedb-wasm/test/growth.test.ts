import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { Memory } from './support/growth-child.js'

const CHILD = fileURLToPath(new URL('support/growth-child.js', import.meta.url))
const MIB = 1 << 20

/** Memory is a property of the process, so each measurement has one of its own; it does everything once before it measures. */
async function memory(work: string, times: number): Promise<{ before: Memory; after: Memory }> {
  const args = [CHILD, work, String(times)]
  const { stdout } = await promisify(execFile)(process.execPath, args, { timeout: 120_000 })
  return JSON.parse(stdout) as { before: Memory; after: Memory }
}

for (const [work, times] of [
  ['gets', 100_000],
  ['cycles', 100],
] as const) {
  test(`memory is the same after ${times} ${work === 'gets' ? 'lookups' : 'times opening, reading and closing'}`, async (t) => {
    const { before, after } = await memory(work, times)
    t.diagnostic(JSON.stringify({ before, after }))
    assert.ok(after.wasm - before.wasm <= MIB, 'the memory of the module')
    assert.ok(after.heap - before.heap <= 2 * MIB, 'the heap of JavaScript')
    // The collector takes its time to give pages back; a leak of 200 bytes a lookup would be 20 MiB.
    assert.ok(after.resident - before.resident <= 16 * MIB, 'the memory of the process')
  })
}

test('a hundred open databases take no more than a quarter of a megabyte each', async (t) => {
  const { before, after } = await memory('hold', 100)
  t.diagnostic(JSON.stringify({ before, after }))
  const each = (after.wasm - before.wasm + (after.heap - before.heap)) / 99
  assert.ok(each <= MIB / 4, `${Math.round(each / 1024)} KiB each`)
})

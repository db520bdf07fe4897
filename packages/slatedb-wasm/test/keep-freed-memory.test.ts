import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { ValuePool } from '#dist/value-pool.js'

const VALUE_BYTES = 256 * 1024
const PAGE_BYTES = 4096
const HELD = 64

const { glibcVersionRuntime } = (
  process.report.getReport() as { header: { glibcVersionRuntime?: string } }
).header

test(
  'memory of freed values is used again without a page fault for each page',
  { skip: glibcVersionRuntime === undefined && 'needs glibc' },
  async () => {
    const pool = new ValuePool()
    const source = new Uint8Array(VALUE_BYTES).fill(1)
    const round = async (): Promise<void> => {
      const held = Array.from({ length: HELD }, () => pool.copy(source, 0, VALUE_BYTES))
      await turn()
      assert.equal(held.at(-1)![VALUE_BYTES - 1], 1)
    }
    for (let i = 0; i < 20; i++) await round()
    const before = process.resourceUsage().minorPageFault
    const rounds = 40
    for (let i = 0; i < rounds; i++) await round()
    const faults = (process.resourceUsage().minorPageFault - before) / (rounds * HELD)
    assert.ok(faults < VALUE_BYTES / PAGE_BYTES / 4, `${faults} page faults for each value`)
  },
)

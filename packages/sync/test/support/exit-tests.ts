import assert from 'node:assert/strict'
import { test } from 'node:test'
import { writeSnapshotSync } from '@shardyfusion/sync'
import { tempPrefix } from '@shardyfusion/test-support/temp-folder'
import { soak } from '@shardyfusion/test-support/soak'
import { runScript } from './run-script.js'

/** Exits of each kind. */
const RUNS = soak(1, 5)
const CHILD = new URL('./exit-child.js', import.meta.url)
const STATES = ['idle', 'gets', 'scan', 'write', 'publish', 'callback', 'opening']

const WAYS = ['end', 'exit', 'throw']
/** Children at the same time. */
const AT_ONCE = 2

/** A process must end as it was told to, whatever its worker is doing, and never by a signal. */
export function exitTests(engine: 'wasm' | 'native'): void {
  const prefix = tempPrefix()
  const value = new Uint8Array(100)
  writeSnapshotSync(
    Array.from({ length: 5000 }, (_, i) => [i, value] as const),
    { prefix, sharding: { shards: 4 } },
  )
  for (const [s, state] of STATES.entries()) {
    test(`a process ends cleanly with the worker at "${state}" (${engine})`, async () => {
      for (let run = 0; run < RUNS; run += AT_ONCE) {
        const runs = Array.from({ length: Math.min(AT_ONCE, RUNS - run) }, (_, i) => run + i + s)
        await Promise.all(runs.map((n) => endsCleanly(WAYS[n % WAYS.length]!, state)))
      }
    })
  }

  async function endsCleanly(way: string, state: string): Promise<void> {
    // The callback leaves by itself.
    const how = state === 'callback' ? 'end' : way
    const { code, signal, stderr } = await runScript(CHILD, { args: [how, state, engine, prefix] })
    assert.equal(signal, null, `${how}: ended by ${signal}\n${stderr}`)
    assert.equal(code, how === 'throw' ? 1 : 3, `${how}: ${stderr}`)
    if (how === 'throw') assert.match(stderr, /thrown on purpose/)
    else assert.equal(stderr, '', how)
  }
}

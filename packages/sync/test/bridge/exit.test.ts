import assert from 'node:assert/strict'
import { test } from 'node:test'
import { writeSnapshotSync } from '@shardyfusion/sync'
import { tempPrefix } from '../../../core/dist-test/support/temp-prefix.js'
import { soak } from '../support/soak.js'
import { runScript } from '../support/run-script.js'

/** Exits of each kind. */
const RUNS = soak(1, 20)
const CHILD = new URL('../support/exit-child.js', import.meta.url)
const STATES = ['idle', 'gets', 'scan', 'write', 'publish', 'callback', 'opening']

const prefix = tempPrefix()
const value = new Uint8Array(100)
writeSnapshotSync(
  Array.from({ length: 5000 }, (_, i) => [i, value] as const),
  { prefix, sharding: { shards: 4 } },
)

const WAYS = ['end', 'exit', 'throw']

for (const [e, engine] of ['wasm', 'native'].entries()) {
  for (const [s, state] of STATES.entries()) {
    test(`a process ends cleanly with the worker at "${state}" (${engine})`, async () => {
      for (let run = 0; run < RUNS; run++) {
        // In turn, so that a short run sees all of them somewhere.
        const how = state === 'callback' ? 'end' : WAYS[(run + s + e) % WAYS.length]!
        const { code, signal, stderr } = await runScript(CHILD, {
          args: [how, state, engine, prefix],
        })
        assert.equal(signal, null, `${how}: ended by ${signal}\n${stderr}`)
        assert.equal(code, how === 'throw' ? 1 : 3, `${how}: ${stderr}`)
        if (how === 'throw') assert.match(stderr, /thrown on purpose/)
        else assert.equal(stderr, '', how)
      }
    })
  }
}

// Started by start-failure.test.ts where WebAssembly cannot be started: says how each call ends. A promise that is
// rejected and not handled would end the process before the last line.
import { isShardyfusionError, slatedb, SnapshotReader, writeSnapshot } from '@shardyfusion/core'

const [prefix = ''] = process.argv.slice(2)
const calls = {
  get: lookUp,
  again: lookUp,
  write: () =>
    writeSnapshot([[1, new Uint8Array(3)]], {
      prefix: 'memory://place/new',
      engine: slatedb({ runtime: 'wasm' }),
      sharding: { shards: 1 },
    }),
}
async function lookUp(): Promise<void> {
  await using reader = await SnapshotReader.open({ prefix, engine: slatedb({ runtime: 'wasm' }) })
  // The first lookup starts the engine.
  await reader.get(1)
}

const ends: Record<string, string> = {}
for (const [name, call] of Object.entries(calls)) {
  try {
    await call()
    ends[name] = 'done'
  } catch (error) {
    ends[name] = isShardyfusionError(error)
      ? `${error.code} ${error.message}`
      : `foreign: ${String(error)}`
  }
}
// What was left behind shows within some turns of the event loop.
for (let i = 0; i < 100; i++) await new Promise((resolve) => setImmediate(resolve))
process.stdout.write(JSON.stringify(ends))

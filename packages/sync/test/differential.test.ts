import { test } from 'node:test'
import { HAS_NATIVE, runPrograms } from '../../core/dist-test/differential/run-programs.js'
import { tempPrefix } from '@shardyfusion/test-support/temp-folder'
import { syncApi } from './support/sync-api.js'

// A step that hangs blocks the thread, so that the bound is that of the calls.
const timeoutMs = 25_000

test('random programs agree with a map: sync, SlateDB in WebAssembly', (t) =>
  runPrograms(t, { short: 500, long: 8000 }, (run) => ({
    api: syncApi,
    prefix: `memory://differential-${process.pid}/${run}`,
    around: { engine: 'wasm', timeoutMs },
    canWork: false,
  })))

test(
  'random programs agree with a map: sync, the native engine',
  { skip: HAS_NATIVE ? false : '@slatedb/uniffi is not installed' },
  (t) => {
    const root = tempPrefix()
    return runPrograms(t, { short: 150, long: 2000 }, (run) => ({
      api: syncApi,
      prefix: `${root}/${run}`,
      around: { engine: 'native', timeoutMs },
      canWork: true,
    }))
  },
)

import { test } from 'node:test'
import { MemoryStore, sqlite } from '@shardyfusion/core'
import { coreApi } from '../support/core-api.js'
import { objectEngine } from '../support/object-engine.js'
import { tempPrefix } from '@shardyfusion/test-support/temp-folder'
import { HAS_NATIVE, runPrograms } from './run-programs.js'

test('random programs agree with a map: core, a small engine', (t) =>
  runPrograms(t, { short: 3000, long: 15_000 }, (run) => {
    const faults = { engine: objectEngine(), objects: new MemoryStore() }
    return {
      api: coreApi,
      prefix: `memory://differential/${run}`,
      around: faults,
      faults,
      canWork: false,
    }
  }))

test('random programs agree with a map: core, SlateDB in WebAssembly', (t) =>
  runPrograms(t, { short: 600, long: 8000 }, (run) => {
    const objects = new MemoryStore()
    return {
      api: coreApi,
      prefix: `memory://differential-wasm/${run}`,
      around: { engine: 'wasm', objects },
      canWork: false,
    }
  }))

test('random programs agree with a map: core, SQLite', (t) =>
  runPrograms(t, { short: 600, long: 4000 }, (run) => {
    const mode = run % 2 === 0 ? 'range' : 'download'
    return {
      api: coreApi,
      prefix: `memory://differential-sqlite/${run}`,
      around: { engine: sqlite({ mode, pageSize: 512 }), objects: new MemoryStore() },
      canWork: false,
    }
  }))

test('random programs agree with a map: core, files and worker threads', (t) => {
  const root = tempPrefix()
  return runPrograms(t, { short: 150, long: 1500 }, (run) => ({
    api: coreApi,
    prefix: `${root}/${run}`,
    around: { engine: 'wasm' },
    canWork: true,
  }))
})

test(
  'random programs agree with a map: core, the native engine',
  { skip: HAS_NATIVE ? false : '@slatedb/uniffi is not installed' },
  (t) => {
    const root = tempPrefix()
    return runPrograms(t, { short: 200, long: 3000 }, (run) => ({
      api: coreApi,
      prefix: `${root}/${run}`,
      around: { engine: 'native' },
      canWork: true,
    }))
  },
)

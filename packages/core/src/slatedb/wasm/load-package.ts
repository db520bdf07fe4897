import type * as SlateDbWasm from 'slatedb-wasm'
import type { ShardyfusionError } from '../../errors.js'
import { engineError } from '../../errors/error-factories.js'
import { limitRemedy } from '../../errors/limit-remedy.js'

type Package = typeof SlateDbWasm

let loading: Promise<Package> | undefined

/**
 * Loads the package `slatedb-wasm`, once per process.
 *
 * Errors: SHARD_ENGINE if it is not installed or lacks a symbol that the SDK calls.
 */
export function loadPackage(): Promise<Package> {
  loading ??= importPackage().catch((error: unknown) => {
    loading = undefined // A fixed installation may work at the next try.
    throw error
  })
  return loading
}

async function importPackage(): Promise<Package> {
  let loaded: Package
  try {
    loaded = await import('slatedb-wasm')
  } catch (cause) {
    const advice = limitRemedy(cause) ?? 'run: npm install slatedb-wasm'
    throw unavailable(`the package slatedb-wasm could not be loaded; ${advice}`, cause)
  }
  for (const symbol of ['SlateDbReader', 'SlateDbWriter', 'loadSlateDb'] as const) {
    if (typeof loaded[symbol] === 'function') continue
    throw unavailable(
      `the package slatedb-wasm has no ${symbol}; install the version this package asks for`,
    )
  }
  return loaded
}

function unavailable(what: string, cause?: unknown): ShardyfusionError {
  return engineError('wasm engine', what, { cause, details: { package: 'slatedb-wasm' } })
}

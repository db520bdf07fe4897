import { ShardyfusionError } from '../errors.js'
import { describeValue } from '../options.js'
import type { EngineWriter, ShardEngine } from './engine.js'

/**
 * An engine by name, or one of your own.
 *
 * `'wasm'` is SlateDB in WebAssembly, `'native'` the official binding (an optional peer dependency), `'auto'` the first
 * of the two that loads.
 */
export type EngineChoice = 'auto' | 'wasm' | 'native' | ShardEngine

/**
 * Gives the engine for an `engine` option; `'auto'` by default.
 *
 * Errors: SHARD_INVALID_OPTION for an unknown name or an object that is no engine.
 */
export async function resolveEngine(
  choice: EngineChoice | undefined,
  where: string,
): Promise<ShardEngine> {
  if (choice === undefined || choice === 'auto') return firstToLoad()
  if (choice === 'wasm') return wasm()
  if (choice === 'native') return native()
  if (isEngine(choice)) return choice
  throw new ShardyfusionError(
    'SHARD_INVALID_OPTION',
    `${where}: engine must be 'auto', 'wasm', 'native' or an object with name, openWriter() and openReader(), got ${describeValue(choice)}`,
    { details: { peer: 'ConfigValidationError' } },
  )
}

async function wasm(): Promise<ShardEngine> {
  const { wasmEngine } = await import('./wasm/wasm-engine.js')
  return wasmEngine()
}

async function native(): Promise<ShardEngine> {
  const { nativeEngine } = await import('#node/engine/native/native-engine')
  return nativeEngine()
}

// WebAssembly first: several times faster to read, writes nothing where it reads, and cannot take the
// process with it. The binding remains for where WebAssembly is switched off.
async function firstToLoad(): Promise<ShardEngine> {
  try {
    const { loadPackage } = await import('./wasm/load-package.js')
    await loadPackage()
    return await wasm()
  } catch (error) {
    try {
      const { loadNativeEngine } = await import('#node/engine/native/native-engine')
      return await loadNativeEngine()
    } catch {
      // What is wrong with the engine one has is what there is to mend.
      throw error
    }
  }
}

function isEngine(value: unknown): value is ShardEngine {
  const engine = value as Partial<ShardEngine> | null
  return (
    typeof engine === 'object' &&
    engine !== null &&
    typeof engine.name === 'string' &&
    typeof engine.openWriter === 'function' &&
    typeof engine.openReader === 'function'
  )
}

/** Refuses writers of the time before `seal()`, whose `checkpoint()` meant something else. */
export function requireSeal(writer: EngineWriter, engine: ShardEngine, where: string): void {
  if (typeof writer.seal === 'function') return
  const old = typeof (writer as { checkpoint?: unknown }).checkpoint === 'function'
  throw new ShardyfusionError(
    'SHARD_ENGINE',
    old
      ? `${where}: engine "${engine.name}" offers checkpoint() instead of seal(); rename it: seal() finishes the shard ` +
          `and returns nothing, and the SDK stamps the checkpoint_id itself`
      : `${where}: engine "${engine.name}" has no seal()`,
    { details: { peer: 'DbAdapterError', engine: engine.name } },
  )
}

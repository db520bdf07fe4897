import { ShardyfusionError } from '../errors.js'
import { describeValue } from '../options.js'
import type { EngineWriter, ShardEngine } from './engine.js'

/** An engine by name, or one of your own. */
export type EngineChoice = 'native' | 'wasm' | ShardEngine

/**
 * Gives the engine for an `engine` option; the native one by default.
 *
 * Errors: SHARD_INVALID_OPTION for an unknown name or an object that is no engine.
 */
export async function resolveEngine(
  choice: EngineChoice | undefined,
  where: string,
): Promise<ShardEngine> {
  if (choice === undefined || choice === 'native') {
    const { nativeEngine } = await import('#node/engine/native/native-engine')
    return nativeEngine()
  }
  if (choice === 'wasm') {
    const { wasmEngine } = await import('./wasm/wasm-engine.js')
    return wasmEngine()
  }
  if (isEngine(choice)) return choice
  throw new ShardyfusionError(
    'SHARD_INVALID_OPTION',
    `${where}: engine must be 'native', 'wasm' or an object with name, openWriter() and openReader(), got ${describeValue(choice)}`,
    { details: { peer: 'ConfigValidationError' } },
  )
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

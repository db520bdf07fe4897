import { engineError, invalidOption } from '../errors/error-factories.js'
import { describeValue } from '../options/describe-value.js'
import type { EngineWriter, ShardEngine } from './engine.js'
import { settleRuntime, slatedb } from '../slatedb/slatedb.js'

/** An engine, such as `slatedb()` or your own; the names are short for `slatedb({ runtime })`. */
export type EngineChoice = 'auto' | 'wasm' | 'native' | ShardEngine

/**
 * Returns the engine for an `engine` option; SlateDB by default.
 *
 * Errors: SHARD_INVALID_OPTION for an unknown name or an object that is not an engine.
 */
export function resolveEngine(
  choice: EngineChoice | undefined,
  where: string,
): Promise<ShardEngine> {
  const engine = requireEngine(isName(choice) ? slatedb({ runtime: choice }) : choice, where)
  return settleRuntime(engine)
}

function isName(choice: unknown): choice is 'auto' | 'wasm' | 'native' | undefined {
  return choice === undefined || choice === 'auto' || choice === 'wasm' || choice === 'native'
}

/** Checks that a value is an engine. Errors: SHARD_INVALID_OPTION naming the missing part. */
export function requireEngine(value: unknown, where: string): ShardEngine {
  const engine = value as Partial<ShardEngine> | null
  const isObject = typeof engine === 'object' && engine !== null
  if (
    !isObject ||
    typeof engine.name !== 'string' ||
    typeof engine.openWriter !== 'function' ||
    typeof engine.openReader !== 'function'
  ) {
    throw invalidOption(
      where,
      `engine must be 'auto', 'wasm', 'native' or an object with name, format, supports, openWriter() and ` +
        `openReader(), got ${describeValue(value)}${typeof value === 'function' ? '; call it, as in engine: sqlite()' : ''}`,
    )
  }
  if (typeof engine.format !== 'string' || engine.format === '') {
    throw invalidOption(
      where,
      `engine "${engine.name}" must have a format, the name of the format of its shards, got ` +
        describeValue(engine.format),
    )
  }
  const io: unknown = (engine.supports as { io?: unknown } | null | undefined)?.io
  if (io !== 'objects' && io !== 'environment') {
    throw invalidOption(
      where,
      `engine "${engine.name}" must have supports.io, 'objects' or 'environment', got ${describeValue(io)}`,
    )
  }
  return engine as ShardEngine
}

/** Refuses writers that predate `seal()`; their `checkpoint()` had a different meaning. */
export function requireSeal(writer: EngineWriter, engine: ShardEngine, where: string): void {
  if (typeof writer.seal === 'function') return
  const old = typeof (writer as { checkpoint?: unknown }).checkpoint === 'function'
  throw engineError(
    where,
    old
      ? `engine "${engine.name}" offers checkpoint() instead of seal(); rename it: seal() finishes the shard ` +
          `and returns nothing, and the SDK stamps the checkpoint_id itself`
      : `engine "${engine.name}" has no seal()`,
    { details: { engine: engine.name } },
  )
}

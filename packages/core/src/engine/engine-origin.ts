import { invalidOption } from '../errors/error-factories.js'
import { delegate } from '../async/delegate.js'
import { makeFromOrigin, type Origin, type OwnExports, parseOrigin } from '../async/origin.js'
import type { ShardEngine } from './engine.js'
import { requireEngine } from './resolve-engine.js'
import { slatedb, type SlateDbOptions } from '../slatedb/slatedb.js'
import { sqlite } from '../sqlite/sqlite.js'
import type { SqliteOptions } from '../sqlite/sqlite-options.js'

const OWN_ENGINES: OwnExports = {
  slatedb: (options) => slatedb(options as SlateDbOptions | undefined),
  sqlite: (options) => sqlite(options as SqliteOptions | undefined),
}

/**
 * Returns the origin of an engine, for another thread or process that needs it.
 *
 * Errors: SHARD_INVALID_OPTION for an engine without one; `need` ends the message and says why the
 * origin is needed and what to do.
 */
export function requireEngineOrigin(engine: ShardEngine, need: string, where: string): Origin {
  if (engine.origin !== undefined) return parseOrigin(engine.origin, `${where}: engine`)
  throw invalidOption(
    where,
    'engine must have an origin, { module, export, options }, by which another thread or process makes the ' +
      `same engine, but "${engine.name}" has none; ${need}`,
    { details: { engine: engine.name } },
  )
}

/**
 * Makes the engine that an origin describes. The engine gets this origin if it does not set one.
 *
 * Errors: SHARD_INVALID_OPTION if the module cannot be loaded, or does not make an engine.
 */
export async function engineFromOrigin(origin: Origin, where: string): Promise<ShardEngine> {
  const at = `${where}: engine`
  const parsed = parseOrigin(origin, at)
  const made = await makeFromOrigin(parsed, OWN_ENGINES, at)
  const engine = requireEngine(made, where)
  return engine.origin === undefined ? delegate(engine, { origin: parsed }) : engine
}

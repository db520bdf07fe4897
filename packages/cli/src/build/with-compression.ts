import type { EngineChoice } from '@shardyfusion/core/extend'
import { slatedb } from '@shardyfusion/core/internal'
import { UsageError } from '../util/usage-error.js'
import type { BuildFlags } from './build-flags.js'

/** The engine with `--compression`, which is a setting of SlateDB. Errors: UsageError for any other engine. */
export function withCompression(
  engine: EngineChoice | undefined,
  compression: BuildFlags['compression'],
): EngineChoice | undefined {
  if (compression === undefined) return engine
  if (engine === undefined || typeof engine === 'string')
    return slatedb({ runtime: engine, settings: { compression } })
  throw new UsageError(
    `--compression is a setting of SlateDB, and the engine is "${engine.name}"; give what it takes as --engine-options`,
  )
}

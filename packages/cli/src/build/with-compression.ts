import type { EngineChoice } from '@shardyfusion/core/extend'
import { slatedb } from '@shardyfusion/core/internal'
import { UsageError } from '../util/usage-error.js'
import type { BuildFlags } from './build-flags.js'

/** Applies `--compression`, a setting of SlateDB, to the engine. Errors: UsageError for any other engine. */
export function withCompression(
  engine: EngineChoice | undefined,
  compression: BuildFlags['compression'],
): EngineChoice | undefined {
  if (compression === undefined) return engine
  if (engine === undefined || typeof engine === 'string')
    return slatedb({ runtime: engine, settings: { compression } })
  throw new UsageError(
    `--compression needs a SlateDB engine, got "${engine.name}"; pass the settings of this engine with --engine-options`,
  )
}

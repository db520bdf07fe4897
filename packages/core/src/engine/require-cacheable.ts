import { invalidOption } from '../errors/error-factories.js'
import type { ShardEngine } from './engine.js'

/** Errors: SHARD_INVALID_OPTION for an engine that does its own requests, which no cache sees. */
export function requireCacheable(engine: ShardEngine, where: string): void {
  if (engine.supports.io === 'objects') return
  throw invalidOption(
    where,
    `cache needs an engine that reads through objects, and ${engine.name} makes its own requests; ` +
      'leave cache out, or use the WebAssembly engine',
  )
}

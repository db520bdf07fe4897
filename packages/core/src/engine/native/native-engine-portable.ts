import { ShardyfusionError } from '../../errors.js'
import type { ShardEngine } from '../engine.js'

export async function loadNativeEngine(): Promise<ShardEngine> {
  return nativeEngine()
}

/** Refuses: outside Node there is no native engine. */
export function nativeEngine(): ShardEngine {
  throw new ShardyfusionError(
    'SHARD_ENGINE',
    "the native engine needs Node.js; choose the one that runs everywhere with engine: 'wasm'",
    { details: { peer: 'DbAdapterError' } },
  )
}

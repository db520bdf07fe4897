import type { ShardEngine } from '../engine/engine.js'
import type { ObjectStore } from '../store/object-store.js'

/** An engine for the conformance suite. */
export interface EngineConformanceHarness {
  /** Registers one test, such as `test` of node:test. */
  readonly test: (name: string, body: () => Promise<void>) => unknown
  /** The engine to test. */
  readonly engine: ShardEngine
  /** Returns a URL at which no shard exists yet. */
  readonly newShardUrl: () => string | Promise<string>
  /** Passed to the engine, if it needs a store. */
  readonly objects?: ObjectStore | undefined
}

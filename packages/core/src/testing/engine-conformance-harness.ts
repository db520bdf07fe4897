import type { ShardEngine } from '../engine/engine.js'
import type { ObjectStore } from '../store/object-store.js'

/** What the conformance suite needs to know about an engine. */
export interface EngineConformanceHarness {
  /** Registers one test, such as `test` of node:test. */
  readonly test: (name: string, body: () => Promise<void>) => unknown
  readonly engine: ShardEngine
  /** A URL at which no shard exists yet. */
  readonly newShardUrl: () => string | Promise<string>
  /** Given to the engine, if it needs one. */
  readonly objects?: ObjectStore | undefined
}

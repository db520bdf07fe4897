import * as v from 'valibot'
import { integer } from '../options/scalars.js'
import { storageEntries, type StorageOptions } from '../store/storage-options.js'
import type { EngineChoice } from './resolve-engine.js'

/** Options of every class that opens engines. */
export interface EngineOptions extends StorageOptions {
  /**
   * The engine that stores shards, such as `slatedb({ settings })`. Writers use SlateDB by default,
   * readers the engine of the snapshot's format. `'auto'`, `'wasm'` and `'native'` are short for
   * `slatedb({ runtime })`.
   */
  engine?: EngineChoice | undefined
  /** Bound on opening one shard, in milliseconds; 30,000 by default. */
  openTimeoutMs?: number | undefined
}

export const engineEntries = {
  // Checked where engines are resolved, with a message that describes an engine.
  engine: v.optional(v.any() as v.GenericSchema<EngineChoice>),
  openTimeoutMs: v.optional(integer(1, 'milliseconds')),
  ...storageEntries,
}

import type { EngineChoice, ObjectStore, Origin, ShardEngine } from '@shardyfusion/core'
import type { ListenerName } from './streams.js'

/** Options of core as they cross: no callbacks and signals, and origins in place of objects. */
export type WireOptions<O> = Omit<O, 'engine' | 'objects' | 'signal' | ListenerName> & {
  readonly engine?: Extract<EngineChoice, string> | Origin | undefined
  readonly objects?: Origin | undefined
}

/** The same with the parts made. */
export type LoadedOptions<O> = Omit<O, 'engine' | 'objects' | 'signal' | ListenerName> & {
  readonly engine?: ShardEngine | undefined
  readonly objects?: ObjectStore | undefined
}

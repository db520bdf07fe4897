import type {
  Catalog,
  EngineChoice,
  ObjectStore,
  Origin,
  ShardEngine,
} from '@shardyfusion/core/extend'
import type { ListenerName } from './streams.js'

/** Options that are objects, which the worker makes again. */
type PartName = 'engine' | 'objects' | 'catalog'

/** Options of core as they cross: no callbacks and signals, and origins in place of objects. */
export type WireOptions<O> = Omit<O, PartName | 'signal' | ListenerName> & {
  readonly engine?: Extract<EngineChoice, string> | Origin | undefined
  readonly objects?: Origin | undefined
  readonly catalog?: Origin | undefined
  /** Engines of other packages that the caller has registered, so that the worker finds them, too. */
  readonly engines?: readonly (readonly [format: string, origin: Origin])[] | undefined
}

/** The same with the parts made. */
export type LoadedOptions<O> = Omit<O, PartName | 'signal' | ListenerName> & {
  readonly engine?: ShardEngine | undefined
  readonly objects?: ObjectStore | undefined
  readonly catalog?: Catalog | undefined
}

import type { EngineChoice, ObjectStore } from '@shardyfusion/core'
import type { ListenerName } from './streams.js'

/**
 * An object that is made in the worker, since objects with methods cannot cross threads: the module's export, or
 * what it returns for `options` when it is a function.
 */
export interface WorkerModule {
  /** URL or absolute path of an ES module; `import.meta.resolve(name)` gives that of a package. */
  readonly module: string | URL
  /** Name of the export; `default` by default. */
  readonly export?: string | undefined
  /** Plain data for an export that is a function. */
  readonly options?: unknown
}

/** Options of core as they cross: no callbacks and signals, and modules in place of objects. */
export type WireOptions<O> = Omit<O, 'engine' | 'objects' | 'signal' | ListenerName> & {
  readonly engine?: Extract<EngineChoice, string> | WorkerModule | undefined
  readonly objects?: WorkerModule | undefined
}

/** The same with the modules loaded. */
export type LoadedOptions<O> = Omit<O, 'engine' | 'objects' | 'signal' | ListenerName> & {
  readonly engine?: EngineChoice | undefined
  readonly objects?: ObjectStore | undefined
}

import type { EngineWriterOptions } from '../../engine/engine.js'
import type { ShardSeal } from '../../engine/shard-seal.js'
import type { S3Credentials, S3Options } from '../../store/s3/connect/s3-options.js'
import type { Origin } from '../../async/origin.js'
import type { WireError } from '../../errors/wire-error.js'

/** The data from which a worker of a build opens storage and engine; passed when it starts. */
export interface WorkerSetup {
  readonly prefix: string
  readonly engine: Origin
  /** The format of the build's engine, which the engine made from the origin must also have. */
  readonly format: string
  /** `undefined` for the store that serves `prefix`. */
  readonly objects: Origin | undefined
  /** Without a function for credentials, which stays on the main thread and is called from here. */
  readonly s3: Omit<S3Options, 'credentials'> & { readonly credentials?: unknown }
  readonly hasS3: boolean
  readonly asksCredentials: boolean
  readonly env: Record<string, string> | undefined
  readonly openTimeoutMs: number | undefined
  /** Folder for rows that exceed the memory of the engine; that for temporary files by default. */
  readonly scratchFolder: string | undefined
  /** Locks the environment of the process for one thread at a time; for engines that read it. */
  readonly environmentGate: SharedArrayBuffer | undefined
}

/** Options of one shard, without the store, because every worker opens its own. */
export type RemoteWriterOptions = Pick<
  EngineWriterOptions,
  'url' | 'env' | 'memoryBytes' | 'sealMemoryBytes' | 'openTimeoutMs' | 'vectors'
>

/** From the main thread to a worker; `writer` numbers the shards it has open. */
export type ToWorker =
  | {
      readonly type: 'open'
      readonly writer: number
      readonly call: number
      readonly options: RemoteWriterOptions
    }
  /** Sent when engine and storage are open, or with the error if they are not. */
  | { readonly type: 'ready'; readonly call: number }
  /** One batch, whose buffer is transferred; answered by `written`. */
  | { readonly type: 'write'; readonly writer: number; readonly buffer: ArrayBuffer }
  | {
      readonly type: 'flush' | 'seal' | 'bytes' | 'close'
      readonly writer: number
      readonly call: number
    }
  | { readonly type: 'credentials'; readonly call: number; readonly answer: Answer<S3Credentials> }
  /** Close everything and end the thread. */
  | { readonly type: 'end' }

/** From a worker to the main thread. */
export type FromWorker =
  | { readonly type: 'reply'; readonly call: number; readonly answer: Answer<Reply> }
  /** The engine has the batch: its room is free again, and so is its buffer if that came back. */
  | {
      readonly type: 'written'
      readonly writer: number
      readonly bytes: number
      readonly buffer: ArrayBuffer | undefined
      readonly error: WireError | undefined
    }
  | { readonly type: 'credentials'; readonly call: number }
  | { readonly type: 'ended' }

/** The results of `bytes` and `seal`. */
export type Reply = number | ShardSeal | undefined

export type Answer<T> = { readonly value: T } | { readonly error: WireError }

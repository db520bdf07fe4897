import type { MessagePort } from 'node:worker_threads'
import type { WireError } from '@shardyfusion/core/internal'

/** The start data of a worker; the mark distinguishes it from other workers of the process. */
export interface WorkerStart {
  readonly shardyfusionSync: true
  readonly shared: SharedArrayBuffer
  readonly port: MessagePort
  /** Shows the caller that this thread is alive, by being open. */
  readonly probed: MessagePort
  /** Where the caller caches compiled code; Node does not pass that on. */
  readonly compileCache: string | undefined
}

/** From the caller: a request that does not go through shared memory, a cancellation, something for a stream. */
export type ToWorker =
  /** A nudge: look at the shared memory. */
  | null
  | { readonly seq: number; readonly args: readonly unknown[] }
  | { readonly seq: number; readonly bytes: Uint8Array }
  | { readonly cancel: number; readonly reason: WireError | undefined }
  | { readonly to: number; readonly body: unknown }

/** From the worker: a reply that does not go through shared memory, or something for a stream. */
export type ToCaller =
  | { readonly seq: number; readonly value: unknown }
  | { readonly seq: number; readonly error: WireError }
  /** The worker ends, of this error; whatever is asked for while it does. */
  | { readonly seq: number; readonly diedOf: WireError }
  | { readonly to: number; readonly body: unknown }

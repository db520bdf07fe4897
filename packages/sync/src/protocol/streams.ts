import type { EntryChunk, Key, RoutingContext } from '@shardyfusion/core'
import type { WireError } from '@shardyfusion/core/internal'

/** Posted to an open object in the worker that is no longer used. */
export const CLOSE = 'close'

/** From a scan in the worker: a packed chunk, the end, or what ended it; of which part of the scan, see ScanParking. */
export type ScanMail = (WireChunk | { readonly end: true } | { readonly error: WireError }) & {
  readonly part: number
}

/** To a scan in the worker: the number of further bytes it may post. */
export interface ScanCredit {
  readonly credit: number
}

/**
 * To a scan in the worker: release everything except its position; new credit continues the scan. The caller
 * drops chunks that were posted before, which it recognizes by their part.
 */
export interface ScanParking {
  readonly park: {
    /** Chunks and entries the caller has taken, since the beginning of the scan. */
    readonly chunks: number
    readonly entries: number
    /** Stored key of the last of them. */
    readonly key: Uint8Array | undefined
  }
}

/** An EntryChunk on its way; its buffer is moved. */
export interface WireChunk {
  readonly buffer: ArrayBuffer
  readonly count: number
  readonly dataOffset: number
  readonly dataBytes: number
}

export function wireChunk(chunk: EntryChunk): WireChunk {
  const { buffer, count, data } = chunk
  return { buffer, count, dataOffset: data.byteOffset, dataBytes: data.byteLength }
}

/** To a writer in the worker: entries to put. */
export interface PutMail {
  /** Bytes of the buffers, which the worker acknowledges. */
  readonly bytes: number
  readonly chunk: WireChunk
  /** Number of the first record of the chunk, among all that were put. */
  readonly first: number
  /** The rows as they were put, where the packed entries are not enough to route them: for CEL expressions. */
  readonly rows?: readonly RoutedRow[]
  /** Entries that delete their key, in an update. */
  readonly deleted?: readonly number[] | 'all' | undefined
  /** The vectors of those rows that have one. */
  readonly vectors?: WireVectors | undefined
}

/** A VectorChunk on its way, and which rows of the mail its vectors belong to. */
export interface WireVectors {
  readonly buffer: ArrayBuffer
  readonly rows: readonly number[]
}

/** To a build of vectors without keys in the worker: vectors with their shards or columns. */
export interface VectorMail {
  readonly bytes: number
  /** A VectorChunk; moved. */
  readonly buffer: ArrayBuffer
  readonly places: readonly VectorPlace[]
}

/** Where a vector goes, unless vectors themselves choose their shards. */
export interface VectorPlace {
  readonly shard?: number | undefined
  readonly context?: RoutingContext | undefined
}

export interface RoutedRow {
  readonly key: Key
  readonly context: RoutingContext | undefined
}

/** From a writer in the worker: bytes that were taken, something for a callback, or what ended it. */
export type WriterMail = { readonly taken: number } | EventMail | { readonly error: WireError }

/** For the caller's callback of this name; errors in it are packed. */
export interface EventMail {
  readonly event: ListenerName
  readonly value: unknown
}

/** Callbacks among the options of core that return nothing. */
export const LISTENER_NAMES = ['onProgress', 'onWarning'] as const
export type ListenerName = (typeof LISTENER_NAMES)[number]

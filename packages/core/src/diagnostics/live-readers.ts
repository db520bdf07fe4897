import type { ReaderStats, ShardReaderStats } from './reader-stats.js'

/** A reader that is open in this thread. */
export interface LiveReader {
  readonly prefix: string
  /** Its class. */
  readonly reader: string
  stats(): ReaderStats | ShardReaderStats
}

// One set for all copies of this package in the thread. The version changes with the shape.
const NAME = Symbol.for('shardyfusion.live-readers.1')
const globals = globalThis as { [NAME]?: Set<WeakRef<LiveReader>> }

/** Adds a reader to those of the thread, until the returned function is called. */
export function noteReader(reader: LiveReader): () => void {
  // Cloudflare Workers have no WeakRef before the compatibility date 2025-05-05. Their readers are not listed.
  if (typeof WeakRef === 'undefined') return () => {}
  const live = (globals[NAME] ??= new Set())
  const ref = new WeakRef(reader)
  live.add(ref)
  return () => void live.delete(ref)
}

/**
 * Returns the readers that are open in this thread, also those that were opened before anything
 * subscribed.
 */
export function liveReaders(): LiveReader[] {
  const found: LiveReader[] = []
  for (const ref of globals[NAME] ?? []) {
    const reader = ref.deref()
    if (reader === undefined) globals[NAME]!.delete(ref)
    else found.push(reader)
  }
  return found
}

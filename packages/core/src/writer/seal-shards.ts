import pLimit from 'p-limit'
import { throwIfAborted } from '../util/abort.js'
import type { ShardSink } from './shard-sink.js'

/**
 * Seals the shards, a few at a time, and gives what `seal` made of each.
 *
 * After a failure none is begun, but those under way are waited for, since they still write.
 */
export async function sealShards<T>(
  sinks: ReadonlyMap<number, ShardSink>,
  seal: (id: number, sink: ShardSink) => Promise<T>,
  o: { concurrency: number; signal: AbortSignal | undefined },
): Promise<T[]> {
  const limit = pLimit(o.concurrency)
  const sealed: T[] = []
  const failures: unknown[] = []
  const sealOne = async (id: number, sink: ShardSink): Promise<void> => {
    if (failures.length > 0) return
    try {
      throwIfAborted(o.signal)
      sealed.push(await seal(id, sink))
    } catch (error) {
      failures.push(error)
    }
  }
  await Promise.all([...sinks].map(([id, sink]) => limit(sealOne, id, sink)))
  if (failures.length > 0) throw failures[0]
  return sealed
}

import { type EngineReader, isShardyfusionError } from '@shardyfusion/core/extend'
import { closeOnce } from '@shardyfusion/core/internal-vector'

/**
 * A reader of keys, and of vectors that are opened by the first search.
 *
 * A shard may have no vectors; then it has no table. With `isSealed`, a missing table is an error.
 */
export function openCompositeReader(
  kv: EngineReader,
  open: () => Promise<EngineReader>,
  isSealed: boolean,
): EngineReader {
  let opening: Promise<EngineReader | undefined> | undefined
  const vectors = (): Promise<EngineReader | undefined> => {
    opening ??= open().catch((error: unknown) => {
      if (!isSealed && isShardyfusionError(error) && error.code === 'SHARD_NOT_FOUND')
        return undefined
      // A failure is not remembered.
      opening = undefined
      throw error
    })
    return opening
  }
  return {
    getMany: (keys) => kv.getMany(keys),
    scan: (range, options) => kv.scan(range, options),
    ...(kv.peek && { peek: (key) => kv.peek!(key) }),
    ...(kv.peekMany && { peekMany: (keys) => kv.peekMany!(keys) }),
    search: async (queries, options) =>
      (await vectors())?.search!(queries, options) ?? {
        counts: new Uint32Array(queries.count),
        scores: new Float64Array(0),
        rows: new Float64Array(0),
      },
    vectorRows: async (rows) => (await vectors())?.vectorRows!(rows) ?? { ids: [], payloads: [] },
    vectorsById: async (ids) => (await vectors())?.vectorsById!(ids) ?? ids.map(() => undefined),
    sampleVectors: async (count) =>
      (await vectors())?.sampleVectors!(count) ?? { ids: [], vectors: [] },
    verify: async () => [
      ...((await kv.verify?.()) ?? []),
      ...((await (await vectors())?.verify!()) ?? []),
    ],
    vectorFacts: async () => (await vectors())?.vectorFacts!(),
    close: closeOnce(async () => {
      const own = await opening?.catch(() => undefined)
      const closed = await Promise.allSettled([kv.close(), own?.close()])
      for (const each of closed) if (each.status === 'rejected') throw each.reason
    }),
  }
}

import { type EngineReader, packEntries, type ShardEngine } from '@shardyfusion/core/extend'
import { MemoryStore, ShardyfusionError } from '@shardyfusion/core'
import { withDatabase } from './sqlite.js'
import { objectEngine } from './object-engine.js'

/** Reads shards in the SQLite format of the reference: one object `<url>/shard.db`, taken into memory whole. */
export function sqliteEngine(): ShardEngine {
  return {
    name: 'sqlite',
    format: 'sqlite',
    supports: { io: 'objects' },
    openWriter: () => Promise.reject(new Error('this engine only reads')),
    async openReader({ url, objects }): Promise<EngineReader> {
      const image = await objects?.get(`${url}/shard.db`)
      if (image === undefined)
        throw new ShardyfusionError(
          'SHARD_NOT_FOUND',
          `sqlite engine: the shard ${url} does not exist`,
        )
      const rows = withDatabase(image, (database) => [
        ...database.rows('SELECT k, v FROM kv ORDER BY k'),
      ])
      const entries = rows.map(([k, v]) => [blob(k), blob(v)] as const)
      const memory = new MemoryStore()
      await memory.put('memory://shard/data', new Uint8Array(packEntries(entries).buffer))
      return objectEngine().openReader({ url: 'memory://shard', objects: memory })
    },
  }
}

function blob(cell: unknown): Uint8Array {
  if (cell instanceof Uint8Array) return new Uint8Array(cell)
  throw new TypeError(`expected a blob, got ${typeof cell}`)
}

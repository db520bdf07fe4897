import type { SqliteImage } from 'sqlite-file'
import { TABLE } from './shard-file.js'
import type { ShardTable } from './sqlite-reader.js'

/** The rows of a shard whose file is in memory. */
export function imageTable(image: SqliteImage): ShardTable {
  const table = image.keyValue(TABLE)
  return {
    peek: (key) => table.get(key),
    getMany: (keys) => table.getMany(keys),
    scan: (range, options) => {
      const scan = table.scan(range, options)
      return { nextChunk: (max) => scan.nextChunk(max), close: () => {} }
    },
    keysPerBatch: 4096,
    verify: async () => image.verify().problems,
    close: () => {},
  }
}

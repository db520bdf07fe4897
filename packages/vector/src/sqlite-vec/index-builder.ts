import type { SqliteFileWriter, SqlValue } from 'sqlite-file'

/** Makes an index of the vectors of a shard, or none. */
export interface IndexBuilder {
  /** Takes the rows of the next block, which stay as they are. */
  add(block: Float32Array, rows: number): void
  /** Writes the index, if it is worth it, and returns facts about it by name. */
  finish(file: SqliteFileWriter): Promise<readonly (readonly [string, SqlValue])[]>
  release(): void
}

/** No index: searches compute every distance. */
export const noIndex: IndexBuilder = {
  add: () => {},
  finish: async () => [],
  release: () => {},
}

import type { SqliteFileWriter } from 'sqlite-file'

/** Makes an index of the vectors of a shard, or none. */
export interface IndexBuilder {
  /** Takes the rows of the next block, which it copies if it needs them. */
  add(block: Float32Array, rows: number): void
  /** Writes the index, if it is worth it. */
  finish(file: SqliteFileWriter): Promise<void>
  release(): void
}

/** No index: searches compute every distance. */
export const noIndex: IndexBuilder = {
  add: () => {},
  finish: async () => {},
  release: () => {},
}

import { throwIfAborted } from '../../async/abort.js'
import type { BuildJob } from '../../build/open/build-job.js'
import type { ShardStats } from '../../build/rows/shard-sink.js'
import type { ShardAttempts } from '../../build/shard/shard-attempts.js'
import type { EntryChunk } from '../../chunk/entry-chunk.js'
import type { EngineReader, EngineWriter } from '../../engine/engine.js'
import type { ManifestShard } from '../../snapshot/manifest/manifest.js'
import { mergeChanges, type MergeTally } from './merge-changes.js'

/** Bytes of a chunk on its way from the old shard to the new one. */
export const CHUNK_BYTES = 256 * 1024
/** Bytes that the scan of one shard may fetch ahead: a part of the shard, within bounds. */
const AHEAD_PARTS = 2
const LEAST_AHEAD_BYTES = 256 * 1024
const MOST_AHEAD_BYTES = 8 * 1024 * 1024

/** One shard and its changes. */
export interface MergeInput {
  /** In key order. */
  readonly changes: AsyncIterable<EntryChunk>
  readonly entry: ManifestShard
  /** Reads the old shard; `undefined` if it is empty. */
  readonly reader: EngineReader | undefined
  /** Receives the counts. */
  readonly tally: MergeTally
  readonly onRows: (rows: number) => void
}

/** A new shard, merged in one of the ways there are. */
export interface MergeOutput {
  merge(input: MergeInput): Promise<void>
  /** Stores the shard, which has rows, and returns what it contains. */
  seal(): Promise<ShardStats>
  /** Releases everything; idempotent. */
  close(): Promise<void>
}

/** Returns the rows of the new shard. */
export async function* mergedRows(
  { changes, entry, reader, tally }: Omit<MergeInput, 'onRows'>,
  { options: { signal }, buffers }: BuildJob,
): AsyncGenerator<EntryChunk> {
  const options = { chunkBytes: CHUNK_BYTES, rowBytes: rowBytesOf(entry), buffers }
  const scan = reader?.scan({}, { readAheadBytes: aheadBytes(entry) })
  try {
    for await (const chunk of mergeChanges(scan, changes, options, tally)) {
      throwIfAborted(signal)
      yield chunk
    }
  } finally {
    await scan?.close().catch(() => {})
  }
}

/**
 * Merges rows of a reader, and passes those of the new shard to a writer. The writer opens with the
 * first row, so that an empty shard never exists.
 */
export class RowOutput implements MergeOutput {
  readonly #attempts: ShardAttempts
  readonly #job: BuildJob
  #writer: EngineWriter | undefined
  /** One chunk is written while the next one is merged. */
  #writing: Promise<void> | undefined
  #rows = 0
  #minKey: Uint8Array | undefined
  #maxKey: Uint8Array | undefined

  constructor(attempts: ShardAttempts, job: BuildJob) {
    this.#attempts = attempts
    this.#job = job
  }

  async merge(input: MergeInput): Promise<void> {
    for await (const chunk of mergedRows(input, this.#job)) {
      await this.#take(chunk)
      input.onRows(chunk.count)
    }
  }

  async seal(): Promise<ShardStats> {
    await this.#writing
    const writer = this.#writer!
    const seal = (await writer.seal()) ?? undefined
    const bytes = await writer.bytes()
    await this.close()
    return {
      rowCount: this.#rows,
      bytes,
      minKey: this.#minKey,
      maxKey: this.#maxKey,
      seal: { objects: {}, ...seal, keys: seal?.keys ?? this.#rows },
    }
  }

  async close(): Promise<void> {
    const writer = this.#writer
    this.#writer = undefined
    await this.#writing?.catch(() => {})
    await writer?.close()
  }

  async #take(chunk: EntryChunk): Promise<void> {
    await this.#writing
    const writer = (this.#writer ??= await this.#attempts.open())
    this.#minKey ??= chunk.key(0).slice()
    this.#maxKey = chunk.key(chunk.count - 1).slice()
    this.#rows += chunk.count
    this.#writing = this.#write(writer, chunk)
    // Its error surfaces with the next chunk.
    this.#writing.catch(() => {})
  }

  async #write(writer: EngineWriter, chunk: EntryChunk): Promise<void> {
    await writer.write(chunk)
    // Workers return the buffers themselves.
    if (this.#job.engine.supports.copiesChunks === true) this.#job.buffers?.give(chunk.buffer)
  }
}

function rowBytesOf({ bytes, rowCount }: ManifestShard): number | undefined {
  return bytes === 0 || rowCount === 0 ? undefined : bytes / rowCount
}

function aheadBytes({ bytes }: ManifestShard): number {
  const part = Math.floor(bytes / AHEAD_PARTS)
  return Math.max(LEAST_AHEAD_BYTES, Math.min(MOST_AHEAD_BYTES, part))
}

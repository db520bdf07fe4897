import { throwIfAborted } from '../../async/abort.js'
import type { EntryChunk } from '../../chunk/entry-chunk.js'
import type { BuildJob } from '../../build/open/build-job.js'
import { InputDigest } from '../../build/open/input-digest.js'
import type { ShardStats } from '../../build/rows/shard-sink.js'
import {
  attemptResult,
  emptyAttempt,
  type ShardAttemptResult,
} from '../../build/shard/shard-attempt-result.js'
import type { ShardAttempts } from '../../build/shard/shard-attempts.js'
import type { EngineReader, EngineScan, EngineWriter } from '../../engine/engine.js'
import { openEngineReader } from '../../engine/open-engine.js'
import { engineError } from '../../errors/error-factories.js'
import type { ManifestShard } from '../../snapshot/manifest/manifest.js'
import { readSeal } from '../../snapshot/manifest/read-seal.js'
import { newOpaqueId } from '../../text/opaque-id.js'
import type { BaseSnapshot } from '../base-snapshot.js'
import type { ChangeLog } from './change-log.js'
import { mergeChanges, type MergeTally, newTally } from './merge-changes.js'

/** Bytes of a chunk on its way from the old shard to the new one. */
const CHUNK_BYTES = 256 * 1024
/** Bytes that the scan of one shard may fetch ahead: a part of the shard, within bounds. */
const AHEAD_PARTS = 2
const LEAST_AHEAD_BYTES = 256 * 1024
const MOST_AHEAD_BYTES = 8 * 1024 * 1024

const WHERE = 'updateSnapshot'

export interface MergeSetting {
  readonly job: BuildJob
  readonly base: BaseSnapshot
  readonly log: ChangeLog
  /** For sorting the changes of one shard. */
  readonly sortBytes: number
  readonly onRows: (rows: number) => void
}

/** A shard with its changes merged. */
export interface MergedShard {
  /** Without `url` if no row is left; `undefined` if the changes have no effect, and nothing is sealed. */
  readonly result: ShardAttemptResult | undefined
  readonly tally: MergeTally
  /** Digest of the changes, by which a resumed update recognizes them; computed only for a given run id. */
  readonly changesDigest: string | undefined
}

/**
 * Writes the rows of one shard with its changes into one new attempt.
 *
 * Errors: those of the engine and the store; SHARD_ENGINE if the old shard has fewer rows than its
 * seal says.
 */
export async function mergeShard(
  shard: number,
  attempts: ShardAttempts,
  { job, base, log, sortBytes, onRows }: MergeSetting,
): Promise<MergedShard> {
  const entry = base.manifest.entries[shard]!
  const tally = newTally()
  const digest = job.options.runId === undefined ? undefined : new InputDigest()
  const output = new Output(attempts, job)
  try {
    for await (const chunk of merged(shard, { job, base, log, sortBytes }, tally, digest)) {
      await output.write(chunk)
      onRows(chunk.count)
    }
    const changesDigest = digest?.finish()
    if (isUnchanged(tally) && entry.url !== undefined)
      return { result: undefined, tally, changesDigest }
    const stats = await output.seal()
    const { attempt, url, urls } = attempts
    const result =
      stats === undefined
        ? emptyAttempt(shard)
        : attemptResult({
            shard,
            url,
            keyEncoding: job.options.keyEncoding,
            stats,
            checkpointId: newOpaqueId(),
            writerInfo: { attempt, durationMs: Math.round(attempts.elapsedMs) },
            allAttemptUrls: urls,
          })
    return { result, tally, changesDigest }
  } finally {
    await output.close()
  }
}

/** Returns true if the changes of a shard change a row; reads the shard and writes nothing. */
export async function hasEffect(
  shard: number,
  setting: Omit<MergeSetting, 'onRows'>,
): Promise<boolean> {
  const tally = newTally()
  for await (const _ of merged(shard, setting, tally)) if (!isUnchanged(tally)) return true
  return !isUnchanged(tally)
}

async function* merged(
  shard: number,
  { job, base, log, sortBytes }: Omit<MergeSetting, 'onRows'>,
  tally: MergeTally,
  digest?: InputDigest,
): AsyncGenerator<EntryChunk> {
  const { signal } = job.options
  const entry = base.manifest.entries[shard]!
  const sorted = log.sorted(shard, { memoryBytes: sortBytes, chunkBytes: CHUNK_BYTES })
  const changes = digest === undefined ? sorted : digested(sorted, digest)
  const options = { chunkBytes: CHUNK_BYTES, rowBytes: rowBytesOf(entry), buffers: job.buffers }
  let reader: EngineReader | undefined
  let scan: EngineScan | undefined
  try {
    if (entry.url !== undefined) {
      reader = await openShard(job, base, entry)
      scan = reader.scan({}, { readAheadBytes: aheadBytes(entry) })
    }
    for await (const chunk of mergeChanges(scan, changes, options, tally)) {
      throwIfAborted(signal)
      yield chunk
    }
    requireAllRows(entry, tally)
  } finally {
    await scan?.close().catch(() => {})
    await reader?.close().catch(() => {})
  }
}

function isUnchanged({ inserted, replaced, deleted }: MergeTally): boolean {
  return inserted + replaced + deleted === 0
}

async function* digested(
  chunks: AsyncIterable<EntryChunk>,
  digest: InputDigest,
): AsyncGenerator<EntryChunk> {
  for await (const chunk of chunks) {
    digest.addChunk(chunk)
    yield chunk
  }
}

/** Returns the digest that `mergeShard` computes of the changes of a shard. */
export async function digestChanges(
  log: ChangeLog,
  shard: number,
  sortBytes: number,
): Promise<string> {
  const digest = new InputDigest()
  for await (const chunk of log.sorted(shard, { memoryBytes: sortBytes, chunkBytes: CHUNK_BYTES }))
    digest.addChunk(chunk)
  return digest.finish()
}

async function openShard(
  { objects, storage, options }: BuildJob,
  { engine }: BaseSnapshot,
  entry: ManifestShard,
): Promise<EngineReader> {
  const { checkpointId, bytes } = entry
  const url = entry.url!
  const { openTimeoutMs, signal } = options
  const env = engine.supports.io === 'objects' ? undefined : await storage.engineEnvironment(url)
  const seal = readSeal(entry, WHERE)
  return openEngineReader(
    engine,
    { url, objects, env, checkpointId, bytes, seal, openTimeoutMs, signal },
    WHERE,
  )
}

/** The new shard; its engine opens with the first row, so that an empty one never exists. */
class Output {
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

  async write(chunk: EntryChunk): Promise<void> {
    await this.#writing
    const writer = (this.#writer ??= await this.#attempts.open())
    this.#minKey ??= chunk.key(0).slice()
    this.#maxKey = chunk.key(chunk.count - 1).slice()
    this.#rows += chunk.count
    this.#writing = this.#write(writer, chunk)
    // Its error surfaces with the next chunk.
    this.#writing.catch(() => {})
  }

  /** Returns what the shard contains; `undefined` if it has no row, and so no database. */
  async seal(): Promise<ShardStats | undefined> {
    await this.#writing
    const writer = this.#writer
    if (writer === undefined) return undefined
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

  async #write(writer: EngineWriter, chunk: EntryChunk): Promise<void> {
    await writer.write(chunk)
    // Workers return the buffers themselves.
    if (this.#job.engine.supports.copiesChunks === true) this.#job.buffers?.give(chunk.buffer)
  }
}

function requireAllRows(entry: ManifestShard, { read }: MergeTally): void {
  const keys = readSeal(entry, WHERE)?.keys
  if (keys === undefined || keys === read) return
  throw engineError(
    WHERE,
    `shard ${entry.id} of the current snapshot must have ${keys} rows, as its seal says, but has ${read} ` +
      `(${entry.url}); run verify, and build the next snapshot from the whole table`,
    { details: { shard: entry.id, keys, read } },
  )
}

function rowBytesOf({ bytes, rowCount }: ManifestShard): number | undefined {
  return bytes === 0 || rowCount === 0 ? undefined : bytes / rowCount
}

function aheadBytes({ bytes }: ManifestShard): number {
  const part = Math.floor(bytes / AHEAD_PARTS)
  return Math.max(LEAST_AHEAD_BYTES, Math.min(MOST_AHEAD_BYTES, part))
}

import { type BuildJob, writerOptions } from '../../build/open/build-job.js'
import { InputDigest } from '../../build/open/input-digest.js'
import {
  attemptResult,
  emptyAttempt,
  type ShardAttemptResult,
} from '../../build/shard/shard-attempt-result.js'
import type { ShardAttempts } from '../../build/shard/shard-attempts.js'
import type { EntryChunk } from '../../chunk/entry-chunk.js'
import type { EngineReader, EngineUpdate } from '../../engine/engine.js'
import { newOpaqueId } from '../../text/opaque-id.js'
import type { BaseSnapshot } from '../base-snapshot.js'
import type { ChangeLog } from './change-log.js'
import { EngineOutput } from './engine-output.js'
import { type MergeTally, newTally } from './merge-changes.js'
import { mergesInEngine } from './merge-lanes.js'
import { openOld, requireAllRows } from './old-shard.js'
import { CHUNK_BYTES, mergedRows, RowOutput } from './row-output.js'

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
  setting: MergeSetting,
): Promise<MergedShard> {
  const { job, base, log, sortBytes } = setting
  const entry = base.manifest.entries[shard]!
  const tally = newTally()
  const digest = job.options.runId === undefined ? undefined : new InputDigest()
  const sorted = log.sorted(shard, { memoryBytes: sortBytes, chunkBytes: CHUNK_BYTES })
  const changes = digest === undefined ? sorted : digested(sorted, digest)
  const reader = await openOld(job, base, entry)
  try {
    const update = await openUpdate(reader, attempts, job)
    const output =
      update === undefined
        ? new RowOutput(attempts, job)
        : new EngineOutput(update, job.options.signal)
    try {
      await output.merge({ changes, entry, reader, tally, onRows: setting.onRows })
      requireAllRows(entry, tally)
      const changesDigest = digest?.finish()
      if (isUnchanged(tally) && entry.url !== undefined)
        return { result: undefined, tally, changesDigest }
      const stats = tally.written === 0 ? undefined : await output.seal()
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
  } finally {
    await reader?.close().catch(() => {})
  }
}

/** Has the engine merge, if it can. */
async function openUpdate(
  reader: EngineReader | undefined,
  attempts: ShardAttempts,
  job: BuildJob,
): Promise<EngineUpdate | undefined> {
  if (reader === undefined || !mergesInEngine(job)) return undefined
  return job.engine.openUpdate?.(reader, async () => writerOptions(job, await attempts.begin()))
}

/** Returns true if the changes of a shard change a row; reads the shard and writes nothing. */
export async function hasEffect(
  shard: number,
  { job, base, log, sortBytes }: Omit<MergeSetting, 'onRows'>,
): Promise<boolean> {
  const tally = newTally()
  const entry = base.manifest.entries[shard]!
  const changes = log.sorted(shard, { memoryBytes: sortBytes, chunkBytes: CHUNK_BYTES })
  const reader = await openOld(job, base, entry)
  try {
    for await (const _ of mergedRows({ changes, entry, reader, tally }, job))
      if (!isUnchanged(tally)) return true
    requireAllRows(entry, tally)
    return !isUnchanged(tally)
  } finally {
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

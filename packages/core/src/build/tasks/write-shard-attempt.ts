import type { EntryChunk } from '../../chunk/entry-chunk.js'
import { requireChunk } from '../../chunk/require-chunk.js'
import { invalidOption, routingError } from '../../errors/error-factories.js'
import { decodeKey } from '../../keys/stored-bytes.js'
import type { EngineOptions } from '../../engine/engine-options.js'
import { describeValue } from '../../options/describe-value.js'
import { runAll } from '../../async/close-once.js'
import type { VectorChunk } from '../../chunk/vector-chunk.js'
import type { VectorSettings } from '../../engine/vector-engine.js'
import { checkedVector } from '../../options/vector-values.js'
import { VectorRow } from '../rows/vector-row.js'
import { throwIfAborted } from '../../async/abort.js'
import { abandonAttempts } from '../shard/shard-attempts.js'
import { type BuildJob, jobAttempts, openBuildJob } from '../open/build-job.js'
import { EngineLane } from '../shard/shard-lane.js'
import type { ShardAttemptResult } from '../shard/shard-attempt-result.js'
import { openPlanParts } from './plan-parts.js'
import { requirePlan, type SnapshotPlan } from './snapshot-plan.js'

export interface ShardAttemptOptions extends EngineOptions {
  /**
   * Number of the attempt in the cluster, such as Spark's `TaskContext.attemptNumber()`; 0 by
   * default. If another attempt has it already, the next free one is used, so that no two ever
   * write to the same URL.
   */
  attempt?: number | undefined
  /**
   * Id of the attempt in the cluster, recorded in the manifest; of attempts with one number, the
   * lowest id wins.
   */
  taskAttemptId?: number | undefined
  /** Id of the stage in the cluster, recorded in the manifest. */
  stageId?: number | undefined
  /** Target for the engine's resident memory, in bytes; 128 MiB by default. */
  memoryBytes?: number | undefined
  /** Checks that every key belongs to this shard, which the cluster has chosen; true by default. */
  verifyRouting?: boolean | undefined
}

const MEMORY_BYTES = 128 * 1024 * 1024
const WHERE = 'writeShardAttempt'

/**
 * Writes all rows of one shard as one attempt, and returns its result.
 *
 * Any number of attempts at a shard may run at the same time, be killed, or be repeated: each has a
 * separate URL, and only those whose result reaches `publishSnapshot` count. Keys of `rows` are
 * stored bytes; the last row of a key wins. Vectors of rows come as chunks between those of rows, if
 * the plan has `vector`. Errors: SHARD_ROUTING for a key of another shard;
 * SHARD_INVALID_VALUE for rows that are not chunks; those of SnapshotWriter. The written data is
 * then removed.
 */
export async function writeShardAttempt(
  plan: SnapshotPlan,
  shard: number,
  rows: Iterable<EntryChunk | VectorChunk> | AsyncIterable<EntryChunk | VectorChunk>,
  options: ShardAttemptOptions = {},
): Promise<ShardAttemptResult> {
  const { attempt = 0, taskAttemptId, stageId, memoryBytes = MEMORY_BYTES, ...rest } = options
  const { verifyRouting = true, ...engine } = rest
  const p = requirePlan(plan, WHERE)
  requireShard(shard, p.shards)
  for (const [name, value] of Object.entries({ attempt, taskAttemptId, stageId })) {
    if (value !== undefined) requireCount(name, value)
  }
  const { runId, prefix, sharding, keyEncoding, vector } = p
  const parts = await openPlanParts(p, engine, WHERE)
  const { engine: writesWith, objects } = parts
  const job = await openBuildJob(
    {
      ...engine,
      engine: writesWith,
      objects,
      runId,
      prefix,
      sharding,
      keyEncoding,
      vector,
      memoryBytes,
    },
    WHERE,
    { firstAttempt: attempt },
  ).catch(async (error: unknown) => {
    await parts.close()
    throw error
  })
  const lane = taskLane(job, shard)
  try {
    const belongs = verifyRouting ? routingCheck(job, shard) : undefined
    for await (const given of rows) {
      throwIfAborted(engine.signal)
      if (isVectorChunk(given)) {
        await pushVectors(lane, given, job.vectors)
        continue
      }
      requireChunk(given, WHERE)
      let chunk = given
      for (let i = 0; i < chunk.count; i++) {
        const key = chunk.key(i)
        belongs?.(key)
        const wait = lane.push(key, chunk.value(i))
        if (wait === undefined) continue
        // The source of the rows may reuse the buffer while the rest of the chunk waits here.
        if (chunk === given) chunk = given.slice(0)
        await wait
      }
    }
    const result = await lane.seal()
    const writerInfo = {
      ...result.writerInfo,
      ...(stageId !== undefined && { stageId }),
      ...(taskAttemptId !== undefined && { taskAttemptId }),
    }
    return result.url === undefined ? result : { ...result, writerInfo }
  } catch (error) {
    await lane.close().catch(() => {})
    await abandonAttempts(job.objects, [lane], { prefix: job.prefix, keepSealed: false })
    throw error
  } finally {
    await lane.close().catch(() => {})
    await runAll([() => job.close(), () => parts.close()], WHERE)
  }
}

function isVectorChunk(chunk: EntryChunk | VectorChunk | null): chunk is VectorChunk {
  return typeof (chunk as Partial<VectorChunk> | null)?.dimensions === 'number'
}

async function pushVectors(
  lane: EngineLane,
  chunk: VectorChunk,
  vectors: VectorSettings | undefined,
): Promise<void> {
  if (vectors === undefined) {
    throw invalidOption(
      WHERE,
      'got vectors, but the plan has none; make it with planSnapshot({ vector: { dimensions, metric } })',
    )
  }
  for (let i = 0; i < chunk.count; i++) {
    const vector = checkedVector(chunk.vector(i), vectors, `${WHERE}: vector ${i} of a chunk`)
    // Copies: the lane keeps what is pushed until its batch is full.
    const wait = lane.pushVector(
      new VectorRow(chunk.id(i), vector.slice(), chunk.payload(i)?.slice()),
    )
    if (wait !== undefined) await wait
  }
}

function taskLane(job: BuildJob, shard: number): EngineLane {
  const { maxBatchEntries, maxBatchBytes, keyEncoding, signal } = job.options
  const { prefix, runId } = job
  return new EngineLane({
    prefix,
    runId,
    attempts: jobAttempts(job, shard),
    maxBatchEntries,
    maxBatchBytes,
    keyEncoding,
    limits: job.engine.limits,
    // The cluster retries the whole task.
    retry: undefined,
    digest: false,
    // No seal is recorded: a later build cannot know whether the rows were complete.
    noteSeal: async ({ url }) => {
      await job.objects.sync?.(url!, { signal })
    },
  })
}

/**
 * Returns a check that throws for keys of another shard; no check if the expression needs other
 * columns than the key.
 */
function routingCheck(job: BuildJob, shard: number): ((key: Uint8Array) => void) | undefined {
  const { router, options } = job
  const { sharding, keyEncoding } = options
  if ('cel' in sharding && Object.keys(sharding.columns).join() !== 'key') return undefined
  return (stored) => {
    const key = decodeKey(stored, keyEncoding)
    const belongsTo = router.route(key)
    if (belongsTo === shard) return
    throw routingError(
      WHERE,
      `the key ${describeValue(key)} belongs to shard ${belongsTo}, but came with the rows of shard ${shard}; ` +
        'route by the digest in docs/wire-format.md, modulo the number of shards',
      { peer: 'ShardAssignmentError', details: { shard, belongsTo } },
    )
  }
}

function requireShard(shard: number, shards: number): void {
  if (Number.isInteger(shard) && shard >= 0 && shard < shards) return
  throw invalidOption(WHERE, `shard must be from 0 to ${shards - 1}, got ${describeValue(shard)}`)
}

function requireCount(name: string, value: number): void {
  if (Number.isSafeInteger(value) && value >= 0) return
  throw invalidOption(WHERE, `${name} must be an integer of 0 or more, got ${describeValue(value)}`)
}

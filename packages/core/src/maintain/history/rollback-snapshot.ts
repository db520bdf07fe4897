import * as v from 'valibot'
import { DB_PATH_TEMPLATE, SHARDS } from '../../snapshot/layout.js'
import type { ShardyfusionError } from '../../errors.js'
import { notFound } from '../../errors/error-factories.js'
import { findManifest, isSameManifest } from '../../snapshot/catalog/find-manifest.js'
import type { ManifestRef } from '../../snapshot/catalog/manifest-store.js'
import type { Manifest } from '../../snapshot/manifest/manifest.js'
import { requireRunId } from '../../snapshot/catalog/require-run-id.js'
import { describeValue } from '../../options/describe-value.js'
import { parseOptions } from '../../options/parse-options.js'
import { integer } from '../../options/scalars.js'
import { refuseDuringCleanup, ROLLBACK_TYPE } from '../../snapshot/runs/run-claims.js'
import { RunLifecycle } from '../../snapshot/runs/run-lifecycle.js'
import { describeUrl } from '../../text/describe-url.js'
import { describeLost, findLostShards, type LostShard } from './find-lost-shards.js'
import { currentIfReadable } from './current-if-readable.js'
import { type Lineage, lineageEntries, type LineageOptions, withLineage } from './open-lineage.js'

export interface RollbackOptions extends LineageOptions {
  /** Id of the run whose snapshot becomes current; its newest, if it has published several. */
  runId?: string | undefined
  /** The same by the URL of the manifest, as `listSnapshots` returns it. */
  manifestRef?: string | undefined
  /**
   * Number of snapshots back from the current one, in order of publication: 1 is the one before it.
   */
  offset?: number | undefined
  /**
   * Refuses a snapshot with missing or damaged shards; true by default. With false the pointer
   * moves in any case, for engines that store shards elsewhere, or if a damaged snapshot is better
   * than none.
   */
  checkShards?: boolean | undefined
}

/** The old and the new target of the pointer. */
export interface Rollback {
  /** `undefined` if there was no pointer, or an unreadable one. */
  readonly from: ManifestRef | undefined
  /** The manifest that is current now. */
  readonly to: ManifestRef
}

const schema = v.pipe(
  v.strictObject({
    ...lineageEntries,
    runId: v.optional(v.string('must be a string')),
    manifestRef: v.optional(v.string('must be the URL of a manifest')),
    offset: v.optional(integer(1, 'snapshots back from the current one')),
    checkShards: v.optional(v.boolean('must be true or false'), true),
  }),
  v.check(
    (o) => [o.runId, o.manifestRef, o.offset].filter((given) => given !== undefined).length === 1,
    'must have exactly one of runId, manifestRef and offset',
  ),
)

/**
 * Makes a snapshot current that was published before; readers follow at their next `refresh()`.
 *
 * The manifest is read and its shards are checked before the pointer moves, so that the pointer
 * never names missing or broken data. With `runId` or `manifestRef`, this also repairs a missing or
 * broken pointer. Nothing else changes. Errors: SHARD_NOT_FOUND if the snapshot does not exist, or
 * shards of it are missing or damaged; SHARD_MANIFEST if it cannot be read; SHARD_BUSY while a
 * cleanup removes it; SHARD_PUBLISH (retryable) if the pointer cannot be written, which then stays
 * unchanged.
 */
export async function rollbackSnapshot(options: RollbackOptions): Promise<Rollback> {
  const where = 'rollbackSnapshot'
  const o = parseOptions(schema, options, where)
  return withLineage(o, where, async (lineage) => {
    const from = await currentOf(lineage, o)
    const target = await targetOf(lineage, from, o, where)
    return { from, to: await moveTo(target, lineage, o, where) }
  })
}

async function moveTo(
  target: ManifestRef,
  { prefix, objects, manifests, runs }: Lineage,
  { checkShards, signal }: RollbackOptions,
  where: string,
): Promise<ManifestRef> {
  // A separate record prevents a cleanup from removing the snapshot between the check and the move.
  let failure: unknown
  const facts = { prefix, shardPrefix: SHARDS, dbPathTemplate: DB_PATH_TEMPLATE }
  const claim = await RunLifecycle.start(
    runs,
    { ...facts, runId: target.runId, writerType: ROLLBACK_TYPE },
    { signal, onFailure: ({ error }) => (failure = error) },
  )
  try {
    if (claim.ref === undefined) throw failure
    await refuseDuringCleanup(runs, target.runId, claim.ref, where, { signal })
    const manifest = await manifests.loadManifest(target.ref, { signal })
    requireRunId(target, manifest, where)
    if (checkShards === true) {
      const lost = await findLostShards(objects, prefix, manifest, { signal })
      if (lost.length > 0) throw hollow(manifest, lost, where)
    }
    const moved = await manifests.setCurrent(target.ref, { signal })
    await claim.succeed(target.ref)
    return moved
  } catch (error) {
    await claim.fail(error)
    throw error
  }
}

async function currentOf(
  { manifests }: Lineage,
  { offset, signal }: RollbackOptions,
): Promise<ManifestRef | undefined> {
  if (offset === undefined) return currentIfReadable(manifests, signal)
  return manifests.loadCurrent({ signal })
}

async function targetOf(
  { prefix, manifests, isOwn }: Lineage,
  from: ManifestRef | undefined,
  o: RollbackOptions,
  where: string,
): Promise<ManifestRef> {
  const { offset, signal } = o
  if (offset === undefined) return findManifest(manifests, prefix, o, where, { signal, isOwn })
  const listed = await manifests.listManifests(Number.MAX_SAFE_INTEGER, { signal })
  const at = from === undefined ? -1 : listed.findIndex((ref) => isSameManifest(ref, from))
  if (at === -1) {
    const problem =
      from === undefined
        ? 'there is no current snapshot'
        : `the current one, ${describeUrl(from.ref)}, is not listed`
    throw notThere(where, `${problem} to count back from; give a runId`)
  }
  const target = listed[at + offset]
  if (target !== undefined) return target
  const before = listed.length - at - 1
  throw notThere(
    where,
    `offset must be at most ${before} (snapshots published before the current one), got ${offset}`,
  )
}

function hollow(
  { runId, shards }: Manifest,
  lost: readonly LostShard[],
  where: string,
): ShardyfusionError {
  return notFound(
    where,
    `run ${describeValue(runId)} cannot be read: ${describeLost(lost, shards)}; choose another snapshot, or ` +
      'set checkShards to false to move the pointer anyway',
    { details: { runId, shards: lost.map(({ id }) => id) } },
  )
}

function notThere(where: string, problem: string): ShardyfusionError {
  return notFound(where, problem)
}

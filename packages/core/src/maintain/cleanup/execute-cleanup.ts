import { DB_PATH_TEMPLATE, SHARDS } from '../../snapshot/layout.js'
import { isShardyfusionError } from '../../errors.js'
import type { ManifestRef } from '../../snapshot/catalog/manifest-store.js'
import { isOutOfSpace } from '../../store/transfer/is-out-of-space.js'
import { CLEANUP_TYPE, liveRecords } from '../../snapshot/runs/run-claims.js'
import { RunLifecycle } from '../../snapshot/runs/run-lifecycle.js'
import { throwIfAborted } from '../../async/abort.js'
import type { CleanupAction, CleanupOutcome } from './cleanup-types.js'
import { bytesOfRef, type Lineage } from '../history/open-lineage.js'
import { namedShards, overlapsAny } from './named-folders.js'
import type { PlannedCleanup } from './plan-cleanup.js'
import type { SurveyedRun } from './survey-runs.js'
import { isError } from '../../errors/is-error.js'

/** Thrown within an action that turns out to be unnecessary or wrong. */
class Skip extends Error {}

/**
 * Removes what one action names, unless the run has come into use since it was planned.
 *
 * Errors: only the signal's reason and those of an unreadable pointer; other failures are in the
 * outcome.
 */
export async function executeAction(
  action: CleanupAction,
  planned: PlannedCleanup,
  lineage: Lineage,
  signal: AbortSignal | undefined,
): Promise<CleanupOutcome> {
  throwIfAborted(signal)
  const removal = new Removal(action, planned, lineage, signal)
  try {
    await removal.run()
    return removal.outcome('deleted')
  } catch (error) {
    throwIfAborted(signal)
    if (error instanceof Skip) return removal.outcome('skipped', error.message)
    const note = isError(error) ? error.message : String(error)
    return removal.outcome('failed', note, error)
  }
}

class Removal {
  readonly #action: CleanupAction
  /** The run at the time of planning. */
  readonly #known: SurveyedRun
  /** Manifests that stay; the plan removes nothing that they name. */
  readonly #stays: ReadonlySet<string>
  /** Every manifest at that time, and the runs of those that named data of this one. */
  readonly #knownRefs: ReadonlySet<string>
  readonly #users: ReadonlySet<string>
  readonly #lineage: Lineage
  readonly #signal: AbortSignal | undefined
  #deleted = 0

  constructor(
    action: CleanupAction,
    { survey, stays }: PlannedCleanup,
    lineage: Lineage,
    signal: AbortSignal | undefined,
  ) {
    this.#action = action
    this.#known = survey.runs.get(action.runId)!
    this.#stays = stays
    this.#users = survey.referenced.get(action.runId) ?? new Set()
    const all = [...survey.runs.values()].flatMap((run) => run.manifests)
    this.#knownRefs = new Set(all.map(({ ref }) => ref))
    this.#lineage = lineage
    this.#signal = signal
  }

  outcome(outcome: CleanupOutcome['outcome'], note?: string, error?: unknown): CleanupOutcome {
    return { ...this.#action, outcome, objectsDeleted: this.#deleted, note, error }
  }

  /**
   * Marks the run, checks whether it is in use, and removes it, in this order.
   *
   * A rollback to the run, or a writer that resumes it, stores its own record first and then looks
   * for our mark; so at least one of the two sees the other and gives way.
   */
  async run(): Promise<void> {
    const mark = await this.#mark()
    try {
      await this.#requireUnused(mark?.ref)
      await this.#removeManifests()
      await this.#removeData()
      if (this.#deleted === 0) throw new Skip('it was already removed')
    } finally {
      // A leftover mark is harmless: it has ended, or its lease will end.
      await mark?.succeed()
      if (mark?.ref !== undefined) await this.#lineage.runs.delete(mark.ref).catch(() => {})
    }
  }

  /**
   * Stores the mark. If no space is left, records of the run, which are removed in any case, make
   * room for it.
   *
   * Returns `undefined` if that is not enough: a rollback cannot store its claim there either and
   * gives up, and a build that resumes the run compares what is stored before it publishes.
   */
  async #mark(): Promise<RunLifecycle | undefined> {
    const first = await this.#tryMark()
    if (!('failure' in first)) return first
    if (!isOutOfSpace(first.failure)) throw first.failure
    await this.#requireUnused(undefined)
    await this.#removeRecords()
    const second = await this.#tryMark()
    if (!('failure' in second)) return second
    if (!isOutOfSpace(second.failure)) throw second.failure
    return undefined
  }

  async #tryMark(): Promise<RunLifecycle | { readonly failure: unknown }> {
    const { runs, prefix } = this.#lineage
    let failure: unknown
    const mark = await RunLifecycle.start(
      runs,
      {
        runId: this.#action.runId,
        prefix,
        writerType: CLEANUP_TYPE,
        shardPrefix: SHARDS,
        dbPathTemplate: DB_PATH_TEMPLATE,
      },
      { signal: this.#signal, onFailure: ({ error }) => (failure = error) },
    )
    return mark.ref === undefined ? { failure } : mark
  }

  async #requireUnused(ownRef: string | undefined): Promise<void> {
    const { runs, manifests } = this.#lineage
    const { kind, runId } = this.#action
    const options = { signal: this.#signal }
    const { live, unreadable } = await liveRecords(runs, runId, ownRef, options)
    if (live[0] !== undefined) throw new Skip(`${live[0].writerType} is working on it`)
    const isNew = (ref: string): boolean => !this.#known.records.some((old) => old.ref === ref)
    if (unreadable.some(isNew)) throw new Skip('one of its records cannot be read')
    const listed = await manifests.listManifests(Number.MAX_SAFE_INTEGER, options)
    const published = listed.filter((ref) => ref.runId === runId)
    if (published.some(({ ref }) => !this.#known.manifests.some((old) => old.ref === ref)))
      throw new Skip('it has published since the plan')
    await this.#requireUnnamed(listed)
    // Attempts that lost are not part of the snapshot, current or not.
    if (kind !== 'stale-attempts' && (await this.#isCurrent())) throw new Skip('it is current now')
  }

  /**
   * Manifests that were published or copied here since planning may name data of the run; so may those
   * that were planned to be removed before it, and are still in use.
   */
  async #requireUnnamed(listed: readonly ManifestRef[]): Promise<void> {
    const { manifests, prefix } = this.#lineage
    const { urls, manifests: own } = this.#action
    for (const ref of listed) {
      if (own.includes(ref.ref) || urls.length === 0 || !this.#mayName(ref)) continue
      let manifest
      try {
        manifest = await manifests.loadManifest(ref.ref, { signal: this.#signal })
      } catch (error) {
        if (isShardyfusionError(error) && error.code === 'SHARD_NOT_FOUND') continue
        throw error
      }
      if (overlapsAny(namedShards(manifest, prefix), urls))
        throw new Skip(`the manifest of run ${ref.runId} now names its data`)
    }
  }

  #mayName({ ref, runId }: ManifestRef): boolean {
    if (!this.#knownRefs.has(ref)) return true
    return !this.#stays.has(ref) && this.#users.has(runId)
  }

  async #isCurrent(): Promise<boolean> {
    const current = await this.#lineage.manifests.loadCurrent()
    return current?.runId === this.#action.runId
  }

  /** Manifests go first, so that a listed manifest never names removed data. */
  async #removeManifests(): Promise<void> {
    const { manifests } = this.#lineage
    for (const ref of this.#action.manifests) {
      try {
        if (await manifests.delete(ref, { signal: this.#signal })) this.#deleted++
      } catch (error) {
        if (!isShardyfusionError(error) || error.code !== 'SHARD_BUSY') throw error
        throw new Skip('it became current while it was being removed, and was restored')
      }
    }
  }

  async #removeData(): Promise<void> {
    const { objects } = this.#lineage
    const options = { signal: this.#signal }
    for (const url of this.#action.urls) this.#deleted += await objects.deletePrefix(url, options)
    await this.#removeRecords()
  }

  async #removeRecords(): Promise<void> {
    const { runs } = this.#lineage
    const options = { signal: this.#signal }
    for (const ref of this.#action.records) {
      const isThere = (await bytesOfRef(this.#lineage, ref, options)) !== undefined
      await runs.delete(ref, options)
      if (isThere) this.#deleted++
    }
  }
}

import { isShardyfusionError } from '../../errors.js'
import { VECTOR_META } from '../../snapshot/layout.js'
import { nowMicros } from '../../text/timestamps.js'
import type { ParsedCleanupOptions } from './cleanup-options.js'
import type { CleanupAction, CleanupProblem, KeptRun } from './cleanup-types.js'
import { judgeRuns, type Verdict } from './judge-runs.js'
import { namedShards } from './named-folders.js'
import { loadRuns } from '../history/list-runs.js'
import { bytesOfRef, type Lineage } from '../history/open-lineage.js'
import { staleAttempts, tally, type Tally } from './stale-attempts.js'
import { type Survey, type SurveyedRun, surveyRuns } from './survey-runs.js'

/** The actions of a cleanup, and the runs that it keeps. */
export interface PlannedCleanup {
  readonly survey: Survey
  /** Manifests that stay; no action removes what they name. */
  readonly stays: ReadonlySet<string>
  readonly actions: readonly CleanupAction[]
  readonly kept: readonly KeptRun[]
  readonly problems: readonly CleanupProblem[]
}

/** Examines everything below the prefix and decides; changes nothing. */
export async function makePlan(
  lineage: Lineage,
  o: ParsedCleanupOptions,
  where: string,
): Promise<PlannedCleanup> {
  const survey = await surveyRuns(lineage, o.signal, where)
  const verdicts = judgeRuns(survey, o, nowMicros())
  const planner = new Planner(lineage, o)
  let done = 0
  for (const verdict of verdicts) {
    const { run } = verdict
    if (verdict.remove !== undefined && verdict.users.length > 0)
      await planner.removeUnnamed(verdict, survey)
    else if (verdict.remove !== undefined) await planner.remove(run, verdict.remove, verdict.reason)
    else {
      planner.kept.push(verdict.kept)
      if (o.staleAttempts) await planner.trim(run, survey)
    }
    o.onProgress?.({ phase: 'surveying', done: ++done, total: verdicts.length })
  }
  for (const run of survey.runs.values()) {
    if (run.manifests.length === 0 && run.roots.length === 0) await planner.forget(run)
  }
  for (const runId of o.keepRuns) {
    // A misspelt id protects nothing.
    if (!survey.runs.has(runId)) planner.report(runId, 'keepRuns names it, but it does not exist')
  }
  const { actions, kept, problems } = planner
  const staying = verdicts.filter(({ remove }) => remove === undefined)
  const stays = new Set(staying.flatMap(({ run }) => run.manifests.map(({ ref }) => ref)))
  return { survey, stays, actions, kept, problems }
}

type Removable = Extract<Verdict, { readonly users: readonly string[] }>

function sumOf(tallies: readonly (readonly [string, Tally])[], of: 'objects' | 'bytes'): number {
  return tallies.reduce((total, [, tallied]) => total + tallied[of], 0)
}

class Planner {
  readonly actions: CleanupAction[] = []
  readonly kept: KeptRun[] = []
  readonly problems: CleanupProblem[] = []
  readonly #lineage: Lineage
  readonly #options: ParsedCleanupOptions

  constructor(lineage: Lineage, options: ParsedCleanupOptions) {
    this.#lineage = lineage
    this.#options = options
  }

  /** Plans to remove a whole run, unless it is or may be alive. */
  async remove(
    run: SurveyedRun,
    kind: 'old-run' | 'unfinished-run',
    reason: string,
  ): Promise<void> {
    const { runId, roots } = run
    if (await this.#isAlive(run)) return
    const { objects } = this.#lineage
    const sum = await tally(objects, roots, this.#options.signal)
    if (kind === 'unfinished-run' && this.#isYoung(sum.youngestMs)) {
      this.kept.push({ runId, reason: 'young', note: 'has published nothing yet' })
      return
    }
    const manifests = run.manifests.map(({ ref }) => ref)
    const records = run.records.map(({ ref }) => ref)
    for (const url of [...manifests, ...records]) {
      const size = await bytesOfRef(this.#lineage, url, { signal: this.#options.signal })
      if (size === undefined) continue
      sum.objects++
      sum.bytes += size
    }
    const { objects: count, bytes } = sum
    this.actions.push({
      kind,
      runId,
      manifests,
      urls: roots,
      records,
      objects: count,
      bytes,
      reason,
    })
  }

  /** Plans to remove the manifests of a run, and those of its shards that no remaining run names. */
  async removeUnnamed(verdict: Removable, survey: Survey): Promise<void> {
    const { run, remove: kind, reason, users } = verdict
    const { runId } = run
    if (await this.#isAlive(run)) return
    const keep = `the manifest of run ${users[0]} names its data`
    this.kept.push({ runId, reason: 'referenced', note: keep })
    const stale = await this.#staleAttempts(run, users, survey)
    if (stale === undefined) return
    const isOld = kind === 'old-run'
    const unnamed = [...stale].filter(([, sum]) => isOld || !this.#isYoung(sum.youngestMs))
    const manifests = run.manifests.map(({ ref }) => ref)
    if (unnamed.length === 0 && manifests.length === 0) return
    let bytes = sumOf(unnamed, 'bytes')
    for (const url of manifests)
      bytes += (await bytesOfRef(this.#lineage, url, { signal: this.#options.signal })) ?? 0
    this.actions.push({
      kind: 'superseded-shards',
      runId,
      manifests,
      urls: unnamed.map(([url]) => url),
      records: [],
      objects: sumOf(unnamed, 'objects') + manifests.length,
      bytes,
      reason: `${isOld ? reason : 'its manifest was removed'}; shards that run ${users[0]} names stay`,
    })
  }

  /** Plans to remove what a remaining run does not need. */
  async trim(run: SurveyedRun, survey: Survey): Promise<void> {
    const { runId, roots } = run
    if (run.manifests.length === 0 || roots.length === 0) return
    if (run.problem !== undefined) {
      this.report(runId, 'it is left unchanged: its manifest cannot be read', run.problem)
      return
    }
    const users = survey.referenced.get(runId) ?? []
    const stale = await this.#staleAttempts(run, [runId, ...users], survey)
    if (stale === undefined) return
    const old = [...stale].filter(([, sum]) => !this.#isYoung(sum.youngestMs))
    if (old.length === 0 || (await this.#isAlive(run, false))) return
    this.actions.push({
      kind: 'stale-attempts',
      runId,
      manifests: [],
      urls: old.map(([url]) => url),
      records: [],
      objects: sumOf(old, 'objects'),
      bytes: sumOf(old, 'bytes'),
      reason: 'no manifest names them',
    })
  }

  /** Plans to remove the records of a run that has left nothing else. */
  async forget(run: SurveyedRun): Promise<void> {
    const { olderThanMs, graceMs, keepRuns } = this.#options
    if (olderThanMs === undefined || keepRuns.includes(run.runId)) return
    const oldest = nowMicros() - BigInt(Math.max(olderThanMs, graceMs)) * 1000n
    if (run.records[0]!.createdMicros > oldest || (await this.#isAlive(run, false))) return
    const records = run.records.map(({ ref }) => ref)
    let bytes = 0
    for (const url of records) {
      bytes += (await bytesOfRef(this.#lineage, url, { signal: this.#options.signal })) ?? 0
    }
    this.actions.push({
      kind: 'run-record',
      runId: run.runId,
      manifests: [],
      urls: [],
      records,
      objects: records.length,
      bytes,
      reason: `its run left nothing else, and it is older than ${olderThanMs} ms`,
    })
  }

  /**
   * The attempts of a run that no manifest of `users` names; `undefined`, with a report, if that cannot
   * be known.
   */
  async #staleAttempts(
    { runId, roots }: SurveyedRun,
    users: readonly string[],
    { runs }: Survey,
  ): Promise<Map<string, Tally> | undefined> {
    const { prefix, objects, manifests } = this.#lineage
    const { signal } = this.#options
    const shards: string[] = []
    try {
      for (const user of users) {
        for (const { ref } of runs.get(user)?.manifests ?? []) {
          const manifest = await manifests.loadManifest(ref, { signal })
          if (manifest.runId !== user) {
            this.report(runId, `it is left unchanged: the manifest of run ${user} is a copied one`)
            return undefined
          }
          shards.push(...namedShards(manifest, prefix))
        }
      }
    } catch (error) {
      // Another process removed it since it was listed, or it is damaged.
      if (!isShardyfusionError(error)) throw error
      if (error.code !== 'SHARD_NOT_FOUND' && error.code !== 'SHARD_MANIFEST') throw error
      return undefined
    }
    const folders = roots.filter((root) => !root.includes(`/${VECTOR_META}/`))
    const stale = await staleAttempts(objects, prefix, folders, shards, signal)
    if (stale === undefined) {
      this.report(
        runId,
        'it is left unchanged: shards that its manifest names are not in the expected place',
      )
    }
    return stale
  }

  report(runId: string, problem: string, error?: unknown): void {
    this.problems.push({ runId, message: `run ${runId}: ${problem}`, error })
  }

  /**
   * Returns true if a record is live, or a recent record cannot be read; the run is then listed as
   * kept.
   */
  async #isAlive(run: SurveyedRun, note = true): Promise<boolean> {
    const loaded = await loadRuns(this.#lineage.runs, run.records, this.#options)
    const live = loaded.find(({ isLive }) => isLive)
    const unclear = loaded.find(
      ({ problem, createdMicros }) => problem && this.#isYoung(Number(createdMicros / 1000n)),
    )
    if (live === undefined && unclear === undefined) return false
    if (!note) return true
    const { runId } = run
    this.kept.push(
      live === undefined
        ? {
            runId,
            reason: 'unreadable',
            note: `one of its records cannot be read: ${unclear!.ref}`,
          }
        : {
            runId,
            reason: 'live',
            note: `${live.record!.writerType} is working on it until ${live.record!.leaseExpiresAt}`,
          },
    )
    return true
  }

  #isYoung(modifiedMs: number): boolean {
    return Date.now() - modifiedMs < this.#options.graceMs
  }
}

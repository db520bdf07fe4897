import * as v from 'valibot'
import type { ManifestRef } from '../../snapshot/catalog/manifest-store.js'
import type { SignalOption } from '../../options/call-options.js'
import { parseOptions } from '../../options/parse-options.js'
import { emit } from '../../diagnostics/events.js'
import {
  cleanupEntries,
  type CleanupOptions,
  cleanupOptionsSchema,
  type ParsedCleanupOptions,
} from './cleanup-options.js'
import type { CleanupAction, CleanupOutcome, CleanupReport } from './cleanup-types.js'
import { executeAction } from './execute-cleanup.js'
import { withLineage } from '../history/open-lineage.js'
import { makePlan, type PlannedCleanup } from './plan-cleanup.js'

export interface CleanupSnapshotsOptions extends CleanupOptions {
  /** Only reports what would be removed; false by default. */
  dryRun?: boolean | undefined
}

const schema = v.strictObject({
  ...cleanupEntries,
  dryRun: v.optional(v.boolean('must be true or false'), false),
})

/**
 * Removes what is no longer needed below a prefix: old snapshots, data of failed runs, attempts
 * that lost.
 *
 * Without `keepLast` and `olderThanMs`, every published snapshot stays. A cleanup never removes:
 * the snapshot of the pointer; data that any remaining manifest names, under whatever run id it is
 * stored; runs in `keepRuns`; data that a run with a live lease may need; unpublished data younger
 * than `graceMs`. Each run is checked again right before it is removed: first its manifests, then
 * data, then records. Readers that have not refreshed lose their snapshot when it is removed:
 * choose `keepLast` or `olderThanMs` so that they have moved on by then. Errors: SHARD_MANIFEST if
 * the current snapshot is unknown; SHARD_STORE. Failures of single actions are in the report.
 */
export async function cleanupSnapshots(options: CleanupSnapshotsOptions): Promise<CleanupReport> {
  const { dryRun, ...o } = parseOptions(schema, options, 'cleanupSnapshots')
  const plan = await openPlan(o, 'cleanupSnapshots')
  return dryRun ? plan.report() : plan.execute({ signal: o.signal })
}

/**
 * The same in two steps: plans the cleanup, so that the plan can be reviewed before it is executed.
 */
export async function planCleanup(options: CleanupOptions): Promise<CleanupPlan> {
  return openPlan(parseOptions(cleanupOptionsSchema, options, 'planCleanup'), 'planCleanup')
}

async function openPlan(o: ParsedCleanupOptions, where: string): Promise<CleanupPlan> {
  return withLineage(o, where, async (lineage) => {
    return new CleanupPlan(lineage.prefix, o, await makePlan(lineage, o, where))
  })
}

/** The actions of a cleanup; see {@link planCleanup}. */
export class CleanupPlan {
  /** URL of the table. */
  readonly prefix: string
  /** The manifest that the pointer names. */
  readonly current: ManifestRef | undefined
  /** The removals of the plan. */
  readonly actions: readonly CleanupAction[]
  /** Runs that stay, each with its reason. */
  readonly kept: CleanupReport['kept']
  /** Runs that could not be judged. */
  readonly problems: CleanupReport['problems']
  readonly #options: ParsedCleanupOptions
  readonly #planned: PlannedCleanup

  constructor(prefix: string, options: ParsedCleanupOptions, planned: PlannedCleanup) {
    this.prefix = prefix
    this.#options = options
    this.#planned = planned
    this.current = planned.survey.current
    this.actions = planned.actions
    this.kept = planned.kept
    this.problems = planned.problems
  }

  /** Objects and bytes over all actions. */
  get objects(): number {
    return sum(this.actions, 'objects')
  }

  /** Bytes that the plan removes. */
  get bytes(): number {
    return sum(this.actions, 'bytes')
  }

  /** Returns the plan as the report of a dry run. */
  report(): CleanupReport {
    const actions = this.actions.map((action): CleanupOutcome => {
      return { ...action, outcome: 'planned', objectsDeleted: 0, note: undefined, error: undefined }
    })
    return this.#report(actions, true)
  }

  /** Executes the plan, and skips what has come into use since. May be repeated. */
  async execute({ signal }: SignalOption = {}): Promise<CleanupReport> {
    const o = { ...this.#options, signal }
    return withLineage(o, 'CleanupPlan.execute', async (lineage) => {
      const outcomes: CleanupOutcome[] = []
      const total = this.actions.length
      for (const action of this.actions) {
        const done = await executeAction(action, this.#planned, lineage, signal)
        outcomes.push(done)
        const { kind, runId, outcome, objectsDeleted, error } = done
        const { prefix } = this
        emit('cleanup', () => ({ prefix, kind, runId, outcome, objectsDeleted, error }))
        o.onProgress?.({ phase: 'deleting', done: outcomes.length, total })
      }
      return this.#report(outcomes, false)
    })
  }

  #report(actions: readonly CleanupOutcome[], dryRun: boolean): CleanupReport {
    const { prefix, current, kept, problems } = this
    const counted = dryRun ? actions : actions.filter(({ outcome }) => outcome === 'deleted')
    const objects = dryRun ? this.objects : counted.reduce((n, a) => n + a.objectsDeleted, 0)
    const bytes = sum(counted, 'bytes')
    return { prefix, dryRun, current, actions, kept, problems, objects, bytes }
  }
}

function sum(actions: readonly CleanupAction[], of: 'objects' | 'bytes'): number {
  return actions.reduce((total, action) => total + action[of], 0)
}

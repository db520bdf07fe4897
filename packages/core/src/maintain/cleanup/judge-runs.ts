import type { ParsedCleanupOptions } from './cleanup-options.js'
import type { KeepReason, KeptRun } from './cleanup-types.js'
import type { Survey, SurveyedRun } from './survey-runs.js'

/** The decision about one run, by names and times alone. */
export type Verdict =
  | {
      readonly run: SurveyedRun
      readonly remove: 'old-run' | 'unfinished-run'
      readonly reason: string
      /** Runs that stay and name data of this one; that data stays too. */
      readonly users: readonly string[]
    }
  | { readonly run: SurveyedRun; readonly remove: undefined; readonly kept: KeptRun }

type Rules = Pick<
  ParsedCleanupOptions,
  'keepLast' | 'olderThanMs' | 'keepRuns' | 'unfinishedRuns' | 'graceMs'
>

/**
 * Decides for every run whether it is a candidate for removal; leases and the age of objects are
 * checked later.
 *
 * A published run is removed only if every given criterion allows it: it is beyond the newest
 * `keepLast` and older than `olderThanMs`. (The Python project removes a run if one of them allows
 * it.)
 */
export function judgeRuns(survey: Survey, rules: Rules, nowMicros: bigint): Verdict[] {
  // These are already in the order of publication.
  const published = [...survey.runs.values()].filter((run) => run.manifests.length > 0)
  const unpublished = [...survey.runs.values()].filter(
    (run) => run.manifests.length === 0 && run.roots.length > 0,
  )
  const verdicts = [
    ...published.map((run, rank) => judgePublished(run, rank, survey, rules, nowMicros)),
    ...unpublished.map((run) => judgeUnpublished(run, rules)),
  ]
  return withUsers(verdicts, survey)
}

function judgePublished(
  run: SurveyedRun,
  rank: number,
  { current }: Survey,
  { keepLast, olderThanMs, keepRuns, graceMs }: Rules,
  nowMicros: bigint,
): Verdict {
  const keep = (reason: KeepReason, note: string): Verdict => keeping(run, reason, note)
  if (current?.runId === run.runId) return keep('current', 'readers open it')
  if (keepRuns.includes(run.runId)) return keep('kept', 'named in keepRuns')
  if (keepLast === undefined && olderThanMs === undefined)
    return keep('not-asked', 'neither keepLast nor olderThanMs was given')
  if (rank < (keepLast ?? 0)) return keep('recent', `among the newest ${keepLast}`)
  const ageMicros = nowMicros - newest(run)
  if (olderThanMs !== undefined && ageMicros <= micros(olderThanMs))
    return keep('recent', `published less than ${olderThanMs} ms ago`)
  // Without a pointer, the newest is the most likely target of a rollback.
  if (current === undefined && rank === 0) return keep('recent', 'the newest, and none is current')
  // A publication looks like this between its manifest and the pointer.
  if (
    current !== undefined &&
    newest(run) > current.publishedMicros &&
    ageMicros <= micros(graceMs)
  )
    return keep('young', 'newer than the pointer, which may be about to move to it')
  const reason = [
    ...(keepLast === undefined ? [] : [`not among the newest ${keepLast}`]),
    ...(olderThanMs === undefined ? [] : [`published more than ${olderThanMs} ms ago`]),
  ].join(', ')
  return { run, remove: 'old-run', reason, users: [] }
}

function judgeUnpublished(run: SurveyedRun, { keepRuns, unfinishedRuns }: Rules): Verdict {
  if (keepRuns.includes(run.runId)) return keeping(run, 'kept', 'named in keepRuns')
  if (!unfinishedRuns) return keeping(run, 'not-asked', 'unfinishedRuns is false')
  return { run, remove: 'unfinished-run', reason: 'has published nothing', users: [] }
}

/** Adds the runs that stay and name data of those that do not. */
function withUsers(verdicts: readonly Verdict[], { referenced }: Survey): Verdict[] {
  const stays = new Set(
    verdicts.filter(({ remove }) => remove === undefined).map(({ run }) => run.runId),
  )
  return verdicts.map((verdict): Verdict => {
    if (verdict.remove === undefined) return verdict
    const users = [...(referenced.get(verdict.run.runId) ?? [])].filter((id) => stays.has(id))
    return { ...verdict, users }
  })
}

function keeping(run: SurveyedRun, reason: KeepReason, note: string): Verdict {
  return { run, remove: undefined, kept: { runId: run.runId, reason, note } }
}

function newest(run: SurveyedRun): bigint {
  return run.manifests[0]!.publishedMicros
}

function micros(ms: number): bigint {
  return BigInt(ms) * 1000n
}

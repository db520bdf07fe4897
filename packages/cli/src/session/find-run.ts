import type { ListedSnapshot } from '@shardyfusion/core/maintain'
import { UsageError } from '../util/usage-error.js'

/**
 * Finds a snapshot by an id, a unique prefix of one, `current`, or `current~2` for two before it.
 *
 * Shape: `listed` is ordered newest first. Errors: UsageError if none or more than one matches.
 */
export function findRun(listed: readonly ListedSnapshot[], run: string): ListedSnapshot {
  const [, back] = /^current(?:~(\d{1,9}))?$/.exec(run) ?? []
  if (back !== undefined || run === 'current') return stepBack(listed, Number(back ?? 0), run)
  const exact = listed.filter(({ runId }) => runId === run)
  const matches = exact.length > 0 ? exact : listed.filter(({ runId }) => runId.startsWith(run))
  const ids = new Set(matches.map(({ runId }) => runId))
  if (ids.size === 1) return matches[0]!
  if (ids.size > 1)
    throw new UsageError(
      `"${run}" matches ${ids.size} runs: ${[...ids].slice(0, 5).join(', ')}; pass more of the id`,
    )
  throw new UsageError(`the run "${run}" is not published; run 'shardy history' for a list`)
}

function stepBack(listed: readonly ListedSnapshot[], back: number, run: string): ListedSnapshot {
  const current = listed.findIndex(({ isCurrent }) => isCurrent)
  const found = current < 0 ? undefined : listed[current + back]
  if (found !== undefined) return found
  if (current < 0)
    throw new UsageError(
      `${run}: no snapshot is current, or it is not listed; pass the id of a run`,
    )
  const older = listed.length - current - 1
  throw new UsageError(
    `${run}: expected at most ${older} steps back (published runs before the current one), got ${back}`,
  )
}

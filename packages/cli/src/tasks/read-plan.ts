import type { SnapshotPlan } from '@shardyfusion/core/tasks'
import { openInput } from '../input/open-input.js'
import { wholeText } from '../input/text-lines.js'
import { loadTasks } from '../session/library.js'
import { Failure, UsageError } from '../util/usage-error.js'

const MAX_PLAN_BYTES = 64 * 1024 * 1024

/** Reads the plan of `--plan`: the JSON text, or a file that contains it. */
export async function readPlan(given: string | undefined, command: string): Promise<SnapshotPlan> {
  if (given === undefined)
    throw new UsageError(
      `${command}: --plan is missing; pass the output of \`shardy plan\`, or a file that contains it`,
    )
  const { parseSnapshotPlan } = await loadTasks()
  return parseSnapshotPlan(given.trimStart().startsWith('{') ? given : await textOf(given), command)
}

async function textOf(path: string): Promise<string> {
  try {
    return await wholeText(openInput(path), MAX_PLAN_BYTES)
  } catch (cause) {
    throw new Failure(`--plan: ${path} could not be read`, { cause })
  }
}

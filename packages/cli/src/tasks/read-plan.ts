import { readFile } from 'node:fs/promises'
import type { SnapshotPlan } from '@shardyfusion/core'
import { loadMaintenance } from '../session/library.js'
import { Failure, UsageError } from '../util/usage-error.js'

/** The plan of `--plan`: the JSON itself, or a file that holds it. */
export async function readPlan(given: string | undefined, command: string): Promise<SnapshotPlan> {
  if (given === undefined)
    throw new UsageError(`${command}: say which build: --plan with what \`shardy plan\` printed`)
  const { parseSnapshotPlan } = await loadMaintenance()
  return parseSnapshotPlan(given.trimStart().startsWith('{') ? given : await textOf(given), command)
}

async function textOf(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (cause) {
    throw new Failure(`--plan: ${path} could not be read`, { cause })
  }
}

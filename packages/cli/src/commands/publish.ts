import { readFile } from 'node:fs/promises'
import { text } from 'node:stream/consumers'
import type { ShardAttemptResult } from '@shardyfusion/core'
import { connectionOptions } from '../config/open-options.js'
import { formatBytes, formatCount } from '../output/units.js'
import { loadMaintenance } from '../session/library.js'
import { readPlan } from '../tasks/read-plan.js'
import type { PublishFlags } from '../tasks/task-flags.js'
import { EXIT } from '../util/exit-codes.js'
import { Failure } from '../util/usage-error.js'
import type { Call } from './command.js'

export async function run({ context, args, options }: Call<PublishFlags>): Promise<number> {
  const { printer, session, settings, parts } = context
  session.requireCurrent('publish')
  const plan = await readPlan(options.plan, 'publish')
  const results = await readResults(args.length === 0 ? ['-'] : args)
  const { publishSnapshot } = await loadMaintenance()
  const published = await publishSnapshot(plan, results, {
    ...connectionOptions(settings, parts),
    catalog: parts.catalog,
  })
  const { runId, rowCount, bytes, shards, losersRemoved } = published
  printer.record({ ...published, shards: shards.length }, () =>
    printer.facts({
      [published.alreadyPublished ? 'was published already' : 'published']: runId,
      rows: formatCount(rowCount),
      shards: formatCount(shards.length),
      size: bytes === 0 ? undefined : formatBytes(bytes),
      'attempts removed': losersRemoved === 0 ? undefined : formatCount(losersRemoved),
    }),
  )
  return EXIT.ok
}

/** One result a line; blank lines are left out. */
async function readResults(paths: readonly string[]): Promise<ShardAttemptResult[]> {
  const { parseAttemptResult } = await loadMaintenance()
  const results: ShardAttemptResult[] = []
  for (const path of paths) {
    const lines = (await textOf(path)).split('\n')
    lines.forEach((line, i) => {
      if (line.trim() === '') return
      results.push(parseAttemptResult(line, `${path === '-' ? 'stdin' : path}:${i + 1}`))
    })
  }
  return results
}

async function textOf(path: string): Promise<string> {
  if (path === '-') return text(process.stdin)
  try {
    return await readFile(path, 'utf8')
  } catch (cause) {
    throw new Failure(`publish: ${path} could not be read`, { cause })
  }
}

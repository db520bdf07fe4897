import type { ShardAttemptResult } from '@shardyfusion/core/tasks'
import { connectionOptions } from '../config/open-options.js'
import { openInput } from '../input/open-input.js'
import { textLines } from '../input/text-lines.js'
import { formatBytes, formatCount } from '../output/units.js'
import { loadTasks } from '../session/library.js'
import { readPlan } from '../tasks/read-plan.js'
import type { PublishFlags } from '../tasks/task-flags.js'
import { EXIT } from '../util/exit-codes.js'
import type { Call } from './command.js'

export async function run({ context, args, options }: Call<PublishFlags>): Promise<number> {
  const { printer, session, settings, parts } = context
  session.requireCurrent('publish')
  const plan = await readPlan(options.plan, 'publish')
  const results = await readResults(args.length === 0 ? ['-'] : args)
  const { publishSnapshot } = await loadTasks()
  const published = await publishSnapshot(plan, results, {
    ...connectionOptions(settings, parts),
    catalog: parts.catalog,
    allowEmpty: options.allowEmpty,
  })
  const { runId, rowCount, bytes, shards, losersRemoved } = published
  printer.record({ ...published, shards: shards.length }, () =>
    printer.facts({
      [published.alreadyPublished ? 'already published' : 'published']: runId,
      rows: formatCount(rowCount),
      shards: formatCount(shards.length),
      size: bytes === 0 ? undefined : formatBytes(bytes),
      'attempts removed': losersRemoved === 0 ? undefined : formatCount(losersRemoved),
    }),
  )
  return EXIT.ok
}

/** Reads one result per line; ignores blank lines. */
async function readResults(paths: readonly string[]): Promise<ShardAttemptResult[]> {
  const { parseAttemptResult } = await loadTasks()
  const results: ShardAttemptResult[] = []
  for (const path of paths) {
    const input = openInput(path)
    let number = 0
    for await (const line of textLines(input)) {
      number++
      if (line.trim() !== '') results.push(parseAttemptResult(line, `${input.name}:${number}`))
    }
  }
  return results
}

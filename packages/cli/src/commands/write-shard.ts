import { connectionOptions } from '../config/open-options.js'
import { loadTasks } from '../session/library.js'
import { readPlan } from '../tasks/read-plan.js'
import { shardRows } from '../tasks/shard-rows.js'
import type { WriteShardFlags } from '../tasks/task-flags.js'
import { EXIT } from '../util/exit-codes.js'
import { UsageError } from '../util/usage-error.js'
import type { Call } from './command.js'

const MIB = 1024 * 1024

export async function run({ context, options: flags }: Call<WriteShardFlags>): Promise<number> {
  context.session.requireCurrent('write-shard')
  const { shard, attempt, taskAttemptId, stageId, memoryMib, verifyRouting } = flags
  if (shard === undefined)
    throw new UsageError(
      'write-shard: --shard must be the number of a shard, got nothing; pass for example --shard 3',
    )
  if (context.stdin.isTerminal)
    throw new UsageError('write-shard: expected rows on stdin, got a terminal; pipe them in')
  const plan = await readPlan(flags.plan, 'write-shard')
  const { formatAttemptResult, writeShardAttempt } = await loadTasks()
  try {
    const result = await writeShardAttempt(plan, shard, await shardRows(plan, flags), {
      ...connectionOptions(context.settings, context.parts),
      attempt,
      taskAttemptId,
      stageId,
      verifyRouting,
      ...(memoryMib !== undefined && { memoryBytes: memoryMib * MIB }),
    })
    context.printer.line(formatAttemptResult(result))
    return EXIT.ok
  } finally {
    // Unread input must not keep this process or its producer alive.
    process.stdin.destroy()
  }
}

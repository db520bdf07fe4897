import { checkShardingFlags, shardingFromFlags } from '../build/sharding-flags.js'
import { withCompression } from '../build/with-compression.js'
import { customFields } from '../build/writer-options.js'
import { openOptions } from '../config/open-options.js'
import { loadTasks } from '../session/library.js'
import type { PlanOptions } from '@shardyfusion/core/tasks'
import { UsageError } from '../util/usage-error.js'
import type { PlanFlags } from '../tasks/task-flags.js'
import { EXIT } from '../util/exit-codes.js'
import type { Call } from './command.js'

const HOUR_MS = 60 * 60 * 1000

export async function run({ context, options: flags }: Call<PlanFlags>): Promise<number> {
  context.session.requireCurrent('plan')
  checkShardingFlags({ ...flags, header: true, progress: false })
  const { formatSnapshotPlan, planSnapshot } = await loadTasks()
  const { keyEncoding, keyColumn, runId, compression, leaseHours } = flags
  const plan = await planSnapshot({
    ...openOptions(context.settings, context.parts),
    engine: withCompression(context.parts.engine, compression),
    sharding: shardingFromFlags({ ...flags, header: true, progress: false }, flags.expectedRows),
    keyEncoding,
    keyColumn,
    runId,
    vector: vectorOption(flags),
    ...(leaseHours !== undefined && { leaseMs: leaseHours * HOUR_MS }),
    custom: customFields(flags.custom),
  })
  context.printer.line(formatSnapshotPlan(plan))
  return EXIT.ok
}

/** The vectors of the rows, if there will be some. Errors: UsageError. */
function vectorOption({ dimensions, metric }: PlanFlags): PlanOptions['vector'] {
  if (dimensions !== undefined) return { dimensions, metric }
  if (metric === undefined) return undefined
  throw new UsageError('plan: --metric needs --dimensions')
}

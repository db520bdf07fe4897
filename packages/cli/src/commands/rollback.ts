import { loadMaintenance } from '../session/library.js'
import { confirmed } from '../terminal/confirm.js'
import { EXIT } from '../util/exit-codes.js'
import { Failure } from '../util/usage-error.js'
import type { Call } from './command.js'

interface Options {
  readonly yes?: true
  readonly force?: true
}

export async function run({ context, args, options }: Call<Options>): Promise<number> {
  const { session, printer } = context
  session.requireCurrent('rollback')
  const target = await session.find(args[0] ?? 'current~1')
  const { runId, publishedAt } = target
  if (target.isCurrent) {
    context.writeErr(`run ${runId} is already current\n`)
    return EXIT.ok
  }
  const question = `Make run ${runId}, published ${publishedAt}, current?`
  if (!(await confirmed(question, context, options.yes)))
    throw new Failure('rollback: not confirmed; nothing was changed')
  const { rollbackSnapshot } = await loadMaintenance()
  const { from, to } = await rollbackSnapshot({
    ...session.storage,
    manifestRef: target.ref,
    checkShards: options.force !== true,
  })
  printer.record({ from: from?.runId, to: to.runId, manifestRef: to.ref }, () =>
    printer.facts({ current: to.runId, previous: from?.runId, manifest: to.ref }),
  )
  return EXIT.ok
}

import type { UpdateProgress } from '@shardyfusion/core'
import type { SnapshotUpdaterSync } from '@shardyfusion/sync'
import { withPlace } from '../build/load-rows.js'
import { requireNoRepeatedPipe } from '../build/repeated-pipe.js'
import { RecordPlaces } from '../build/record-places.js'
import { badRowPolicy } from '../build/row-flags.js'
import type { RowSource } from '../input/row-source.js'
import { loadLibrary } from '../session/library.js'
import { checkChangeFlags, openChanges } from '../update/change-source.js'
import type { UpdateFlags } from '../update/update-flags.js'
import { describePlan, describeUpdate } from '../update/update-result.js'
import { UpdateView } from '../update/update-view.js'
import { updaterOptions } from '../update/updater-options.js'
import { isInterruption } from '../util/describe-error.js'
import { EXIT } from '../util/exit-codes.js'
import { Interrupted, InterruptGuard } from '../util/interrupt.js'
import { UsageError } from '../util/usage-error.js'
import type { Call } from './command.js'

/**
 * Publishes the next snapshot, made from the current one and a file of changes.
 *
 * This thread reads and parses the changes; the worker of the sync package merges them.
 */
export async function run({ context, args, options: flags }: Call<UpdateFlags>): Promise<number> {
  context.session.requireCurrent('update')
  const paths = args.length === 0 ? ['-'] : args
  if (args.length === 0 && context.stdin.isTerminal)
    throw new UsageError(
      'update: expected changes, got a terminal; name files, or pipe changes to stdin',
    )
  checkChangeFlags(flags)
  requireNoRepeatedPipe(paths, 'update')
  const bad = badRowPolicy(flags, (text) => view.print(text), 'update')
  const view = new UpdateView(context, bad, flags.progress)
  const { SnapshotUpdaterSync: Updater } = await loadLibrary()
  const places = new RecordPlaces()
  const interrupts = new InterruptGuard()
  let phase = 'reading' as UpdateProgress['phase']
  let updater: SnapshotUpdaterSync | undefined
  try {
    updater = Updater.open({
      ...updaterOptions(context.settings, context.parts, flags),
      onProgress: (progress) => {
        phase = progress.phase
        view.update(progress)
      },
      onWarning: ({ message }) => view.print(`warning: ${message}\n`),
    })
    // `--resume` needs the run id after a crash.
    if (flags.progress && !flags.dryRun) context.writeErr(`run ${updater.runId}\n`)
    const source = openChanges(paths, flags, bad, updater)
    await takeChanges(source, updater, { places, interrupts, view })
    const facts = { badRows: bad.count, lines: source.lines }
    if (flags.dryRun) {
      const plan = updater.plan()
      view.end()
      describePlan(context.printer, plan, facts)
    } else {
      const updated = updater.publish()
      view.end()
      describeUpdate(context.printer, updated, facts)
    }
    updater.close()
    return EXIT.ok
  } catch (error) {
    view.end()
    const stopped = error instanceof Interrupted || isInterruption(error)
    updater?.close(error)
    if (updater !== undefined && phase !== 'publishing' && phase !== 'done')
      context.writeErr('Nothing was published.\n')
    if (!stopped) throw withPlace(error, places)
    return EXIT.interrupted
  } finally {
    bad.close()
    interrupts[Symbol.dispose]()
    // A pending read of stdin would keep the process alive.
    process.stdin.destroy()
  }
}

interface Taking {
  readonly places: RecordPlaces
  readonly interrupts: InterruptGuard
  readonly view: UpdateView
}

async function takeChanges(
  source: RowSource,
  updater: SnapshotUpdaterSync,
  { places, interrupts, view }: Taking,
): Promise<void> {
  const batches = source.batches()
  for (
    let next = await interrupts.race(batches.next());
    next.done !== true;
    next = await interrupts.race(batches.next())
  ) {
    places.add(source.name, next.value)
    for (const { key, value, context, deletes } of next.value) {
      if (deletes === true) updater.delete(key, context)
      else updater.put(key, value, context)
    }
    view.recordsTaken(places.records)
  }
}

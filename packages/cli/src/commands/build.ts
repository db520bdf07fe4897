import type { BuildProgress } from '@shardyfusion/core'
import type { BuildFlags } from '../build/build-flags.js'
import { describeBuild } from '../build/build-result.js'
import { countRows } from '../build/count-rows.js'
import { badRowPolicy, rowSourceOptions } from '../build/row-flags.js'
import { writerOptions } from '../build/writer-options.js'
import { inPlace, loadRows } from '../build/load-rows.js'
import { RecordPlaces } from '../build/record-places.js'
import { checkShardingFlags } from '../build/sharding-flags.js'
import { openRowSource } from '../input/row-source.js'
import { loadLibrary } from '../session/library.js'
import { BuildView } from '../build/build-view.js'
import { isLibraryError } from '../util/describe-error.js'
import { EXIT } from '../util/exit-codes.js'
import { Interrupted, InterruptGuard } from '../util/interrupt.js'
import { UsageError } from '../util/usage-error.js'
import type { Call } from './command.js'

/**
 * The input is read with streams, and the snapshot written through the sync package: `put` hands rows to its worker,
 * which routes and writes them while this thread takes the next ones apart.
 */
export async function run({ context, args, options: flags }: Call<BuildFlags>): Promise<number> {
  context.session.requireCurrent('build')
  const paths = args.length === 0 ? ['-'] : args
  if (args.length === 0 && context.stdin.isTerminal)
    throw new UsageError('build: name the files of the input, or give it on stdin')
  if (paths.filter((path) => path === '-').length > 1)
    throw new UsageError('build: stdin can be read only once')

  checkShardingFlags(flags)
  const bad = badRowPolicy(flags, (text) => view.say(text))
  const source = openRowSource(rowSourceOptions(paths, flags, bad))
  const view = new BuildView(context, source, bad, flags)
  const expectedRows = flags.expectedRows ?? (await countedRows(paths, flags))
  const { SnapshotWriterSync } = await loadLibrary()
  const places = new RecordPlaces()
  const interrupts = new InterruptGuard()
  let phase = 'writing' as BuildProgress['phase']
  const writer = SnapshotWriterSync.open({
    ...writerOptions(context.settings, context.parts, flags, expectedRows),
    onProgress: (progress) => {
      phase = progress.phase
      view.update(progress)
    },
  })
  // Whoever wants to go on with a build that was killed needs its name.
  if (flags.progress) context.tell(`run ${writer.runId}\n`)
  try {
    const allowEmpty = flags.allowEmpty === true
    await loadRows(source, writer, { places, interrupts, view, allowEmpty })
    const published = writer.publish()
    writer.close()
    view.end()
    describeBuild(context.printer, published, bad.count)
    return EXIT.ok
  } catch (error) {
    view.end()
    const stopped = error instanceof Interrupted || isInterruption(error)
    writer.close()
    if (phase !== 'publishing' && phase !== 'done') context.tell('Nothing was published.\n')
    if (!stopped) throw inPlace(error, places)
    return EXIT.interrupted
  } finally {
    bad.close()
    interrupts[Symbol.dispose]()
    // A read of stdin that is still waited for would keep the process alive.
    process.stdin.destroy()
  }
}

function countedRows(paths: readonly string[], flags: BuildFlags): Promise<number> | undefined {
  return flags.maxKeysPerShard === undefined ? undefined : countRows(paths)
}

function isInterruption(error: unknown): boolean {
  return isLibraryError(error) && error.code === 'SHARD_INTERRUPTED'
}

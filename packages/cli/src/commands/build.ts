import type { BuildProgress } from '@shardyfusion/core'
import type { BuildFlags } from '../build/build-flags.js'
import { describeBuild } from '../build/build-result.js'
import { type CountedRows, countRows } from '../build/count-rows.js'
import { badRowPolicy, rowSourceOptions } from '../build/row-flags.js'
import { writerOptions } from '../build/writer-options.js'
import { withPlace, loadRows, startRows } from '../build/load-rows.js'
import { requireNoRepeatedPipe } from '../build/repeated-pipe.js'
import { RecordPlaces } from '../build/record-places.js'
import { checkShardingFlags } from '../build/sharding-flags.js'
import type { VectorColumn } from '../input/vector-column.js'
import { openRowSource } from '../input/row-source.js'
import { loadLibrary } from '../session/library.js'
import { storedAs } from '../build/stored-as.js'
import { BuildView } from '../build/build-view.js'
import { isInterruption } from '../util/describe-error.js'
import { EXIT } from '../util/exit-codes.js'
import { Interrupted, InterruptGuard } from '../util/interrupt.js'
import { UsageError } from '../util/usage-error.js'
import type { Call } from './command.js'

/**
 * Builds a snapshot from files or stdin.
 *
 * This thread reads and parses the input. `put` of the sync package passes rows to its worker, which routes and writes
 * them concurrently.
 */
export async function run({ context, args, options: flags }: Call<BuildFlags>): Promise<number> {
  context.session.requireCurrent('build')
  const paths = args.length === 0 ? ['-'] : args
  if (args.length === 0 && context.stdin.isTerminal)
    throw new UsageError('build: expected input, got a terminal; name files, or pipe rows to stdin')

  checkShardingFlags(flags)
  const bad = badRowPolicy(flags, (text) => view.print(text))
  const { vectors, ...sourceOptions } = rowSourceOptions(paths, flags, bad)
  const source = openRowSource(sourceOptions)
  const view = new BuildView(context, source, bad, flags)
  requireNoRepeatedPipe(paths, 'build')
  const counted = await countedRows(paths, flags)
  const { SnapshotWriterSync } = await loadLibrary()
  const places = new RecordPlaces()
  const interrupts = new InterruptGuard()
  const rows = startRows(source)
  const vector = vectors && (await vectorOption(vectors, () => interrupts.race(rows.first)))
  let phase = 'writing' as BuildProgress['phase']
  const writer = SnapshotWriterSync.open({
    ...writerOptions(context.settings, context.parts, flags, counted?.rows ?? flags.expectedRows),
    values: storedAs(flags),
    vector,
    onProgress: (progress) => {
      phase = progress.phase
      view.update(progress)
    },
  })
  // `--resume` needs the run id after a crash.
  if (flags.progress) context.writeErr(`run ${writer.runId}\n`)
  try {
    const allowEmpty = flags.allowEmpty === true
    await loadRows(source, rows, writer, { places, interrupts, view, allowEmpty, counted })
    const published = writer.publish()
    writer.close()
    view.end()
    describeBuild(context.printer, published, bad.count, source.lines)
    return EXIT.ok
  } catch (error) {
    view.end()
    const stopped = error instanceof Interrupted || isInterruption(error)
    writer.close()
    if (phase !== 'publishing' && phase !== 'done') context.writeErr('Nothing was published.\n')
    if (!stopped) throw withPlace(error, places)
    return EXIT.interrupted
  } finally {
    bad.close()
    interrupts[Symbol.dispose]()
    // A pending read of stdin would keep the process alive.
    process.stdin.destroy()
  }
}

/** The vectors of the snapshot; without --dimensions, the first vector says how many values they have. */
async function vectorOption(
  vectors: VectorColumn,
  first: () => Promise<unknown>,
): Promise<{ dimensions: number; metric: VectorColumn['metric'] }> {
  if (vectors.dimensions === undefined) await first()
  const { column, dimensions, metric } = vectors
  if (dimensions !== undefined) return { dimensions, metric }
  throw new UsageError(
    `build: the first rows have no vector in the column "${column}"; pass --dimensions (the number of values)`,
  )
}

async function countedRows(
  paths: readonly string[],
  { maxKeysPerShard, expectedRows, from = 'auto' }: BuildFlags,
): Promise<CountedRows | undefined> {
  if (maxKeysPerShard === undefined || expectedRows !== undefined) return undefined
  return countRows(paths, from)
}

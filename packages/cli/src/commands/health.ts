import type { ReaderHealth, ReaderStats } from '@shardyfusion/core'
import { formatCount, formatMs } from '../output/units.js'
import { parseDuration } from '../util/duration.js'
import { EXIT } from '../util/exit-codes.js'
import type { Call } from './command.js'

export async function run({ context, options }: Call<{ maxAge?: string }>): Promise<number> {
  const { session, printer } = context
  const { maxAge } = options
  const stalenessThresholdMs =
    maxAge === undefined ? undefined : parseDuration(maxAge, 'health: --max-age')
  const reader = await session.searcher()
  const health = reader.health({ stalenessThresholdMs })
  const { status, reason, ageMs, shards, manifestRef, cache } = health
  const record = {
    status,
    reason,
    ageMs,
    shards,
    manifestRef,
    ...(cache !== undefined && { cache: { ...cache } }),
    stats: countsOf(reader.stats()),
  }
  printer.record(record, () =>
    printer.facts(
      { status, reason, age: formatMs(ageMs), shards, manifest: manifestRef, ...cacheFacts(cache) },
      { status: status === 'healthy' ? 'green' : 'yellow' },
    ),
  )
  return status === 'healthy' ? EXIT.ok : EXIT.finding
}

/** The counts of the reader, which a shell or a script keeps open, without facts that are elsewhere. */
function countsOf({ lookups, scans, searches, refreshes, shards, store, errors }: ReaderStats) {
  const parts = { lookups, scans, searches, refreshes, shards, store, errors }
  return Object.fromEntries(Object.entries(parts).map(([name, counts]) => [name, { ...counts }]))
}

function cacheFacts(cache: ReaderHealth['cache']): Record<string, string> {
  if (cache === undefined) return {}
  const { folder, hits, misses, problem } = cache
  return { cache: problem ?? `${folder}, ${formatCount(hits)} hits, ${formatCount(misses)} misses` }
}

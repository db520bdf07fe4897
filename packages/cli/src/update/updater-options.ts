import type { SnapshotUpdaterSyncOptions } from '@shardyfusion/sync'
import { withCompression } from '../build/with-compression.js'
import { customFields, workersFrom } from '../build/writer-options.js'
import { openOptions } from '../config/open-options.js'
import type { Parts } from '../config/parts.js'
import type { Settings } from '../config/settings.js'
import { UsageError } from '../util/usage-error.js'
import type { UpdateFlags } from './update-flags.js'

const MIB = 1024 * 1024

/** Options of the updater. Errors: UsageError. */
export function updaterOptions(
  settings: Settings,
  parts: Parts,
  flags: UpdateFlags,
): SnapshotUpdaterSyncOptions {
  const { runId, resume, retries, maxRowsPerSecond, maxBytesPerSecond, workers } = flags
  if (runId !== undefined && resume !== undefined)
    throw new UsageError('update: --resume and --run-id both name the run; pass one of them')
  const limited = maxRowsPerSecond !== undefined || maxBytesPerSecond !== undefined
  const { engine: _, ...open } = openOptions(settings, parts)
  const engine = withCompression(parts.engine, flags.compression)
  return {
    ...open,
    ...(engine !== undefined && { engine }),
    timeoutMs: settings.integer('timeout-ms'),
    expectedCurrent: flags.expectedCurrent,
    runId: resume ?? runId,
    ...(resume !== undefined && { resume: true }),
    ...(retries !== undefined && retries > 0 && { retry: { maxRetries: retries } }),
    ...(limited && {
      rateLimit: { rowsPerSecond: maxRowsPerSecond, bytesPerSecond: maxBytesPerSecond },
    }),
    ...(workers !== undefined && { workers: workersFrom(workers, 'update') }),
    concurrency: flags.concurrency,
    ...(flags.memoryMib !== undefined && { memoryBytes: flags.memoryMib * MIB }),
    custom: customFields(flags.custom, 'update'),
  }
}

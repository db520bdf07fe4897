import type { SnapshotWriterSyncOptions } from '@shardyfusion/sync'
import { openOptions } from '../config/open-options.js'
import type { Parts } from '../config/parts.js'
import type { Settings } from '../config/settings.js'
import { UsageError } from '../util/usage-error.js'
import type { BuildFlags } from './build-flags.js'
import { withCompression } from './with-compression.js'
import { shardingFromFlags } from './sharding-flags.js'

const MIB = 1024 * 1024

/** Options of the snapshot writer. Errors: UsageError. */
export function writerOptions(
  settings: Settings,
  parts: Parts,
  flags: BuildFlags,
  expectedRows: number | undefined,
): SnapshotWriterSyncOptions {
  const { runId, resume, retries, maxRowsPerSecond, maxBytesPerSecond } = flags
  if (runId !== undefined && resume !== undefined)
    throw new UsageError('build: --resume and --run-id both name the run; pass one of them')
  const limited = maxRowsPerSecond !== undefined || maxBytesPerSecond !== undefined
  return {
    ...openOptions(settings, parts),
    engine: withCompression(parts.engine, flags.compression),
    timeoutMs: settings.integer('timeout-ms'),
    sharding: shardingFromFlags(flags, expectedRows),
    keyEncoding: flags.keyEncoding,
    keyColumn: flags.key,
    runId: resume ?? runId,
    ...(resume !== undefined && { resume: true }),
    ...(retries !== undefined && retries > 0 && { retry: { maxRetries: retries } }),
    ...(limited && {
      rateLimit: { rowsPerSecond: maxRowsPerSecond, bytesPerSecond: maxBytesPerSecond },
    }),
    ...(flags.workers !== undefined && { workers: workersFrom(flags.workers) }),
    concurrency: flags.concurrency,
    ...(flags.memoryMib !== undefined && { memoryBytes: flags.memoryMib * MIB }),
    custom: customFields(flags.custom),
  }
}

/** Parses `--workers`: a number of threads, or `auto`. */
export function workersFrom(given: string, command = 'build'): number | 'auto' {
  if (given === 'auto') return given
  if (/^[1-9]\d{0,3}$/.test(given)) return Number(given)
  throw new UsageError(
    `${command}: --workers must be an integer of 1 or more (threads), or auto; got "${given}"`,
  )
}

/** Parses `--custom name=value`; a value that is valid JSON is stored as JSON. */
export function customFields(
  given: readonly string[] | undefined,
  command = 'build',
): Record<string, unknown> | undefined {
  if (given === undefined) return undefined
  return Object.fromEntries(
    given.map((text) => {
      const at = text.indexOf('=')
      if (at < 1) throw new UsageError(`${command}: --custom must be name=value, got "${text}"`)
      const value = text.slice(at + 1)
      try {
        return [text.slice(0, at), JSON.parse(value) as unknown]
      } catch {
        return [text.slice(0, at), value]
      }
    }),
  )
}

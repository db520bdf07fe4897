import { datedFolder, RUN_RECORD_FILE, RUN_RECORD_FOLDER } from '../layout.js'
import { joinUrl } from '../../store/urls.js'
import { formatKeyTimestamp, tryParseTimestamp } from '../../text/timestamps.js'

/** Returns the "directory" that has one child per record. */
export function runsUrl(prefix: string, registryPrefix: string): string {
  return joinUrl(prefix, registryPrefix)
}

/**
 * Returns the name of the child for a record made at `micros`; `token` separates records of one
 * run.
 */
export function runDir(micros: bigint, runId: string, token: string): string {
  return datedFolder(formatKeyTimestamp(micros), runId, token)
}

export function runRecordUrl(prefix: string, registryPrefix: string, dir: string): string {
  return joinUrl(prefix, registryPrefix, dir, RUN_RECORD_FILE)
}

/**
 * Parses the name of a child of `runs/`; returns `undefined` for a name that no writer of records
 * makes.
 */
export function parseRunDir(
  dir: string,
):
  | { readonly runId: string; readonly createdAt: string; readonly createdMicros: bigint }
  | undefined {
  const [, createdAt, runId] = RUN_RECORD_FOLDER.exec(dir) ?? []
  if (createdAt === undefined || runId === undefined) return undefined
  const createdMicros = tryParseTimestamp(createdAt)
  return createdMicros === undefined ? undefined : { runId, createdAt, createdMicros }
}

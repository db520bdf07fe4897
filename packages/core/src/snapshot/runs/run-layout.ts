import { datedFolder, RUN_RECORD_FILE, RUN_RECORD_FOLDER } from '../layout.js'
import { joinUrl } from '../../store/urls.js'
import { formatKeyTimestamp, tryParseTimestamp } from '../../text/timestamps.js'

/** The "directory" whose children are one per record. */
export function runsUrl(prefix: string, registryPrefix: string): string {
  return joinUrl(prefix, registryPrefix)
}

/** Name of the child for a record made at `micros`; `token` keeps records of one run apart. */
export function runDir(micros: bigint, runId: string, token: string): string {
  return datedFolder(formatKeyTimestamp(micros), runId, token)
}

export function runRecordUrl(prefix: string, registryPrefix: string, dir: string): string {
  return joinUrl(prefix, registryPrefix, dir, RUN_RECORD_FILE)
}

/** What a child of `runs/` is called; `undefined` for anything no writer of records makes. */
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

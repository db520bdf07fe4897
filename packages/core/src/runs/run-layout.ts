import { joinUrl } from '../objects/urls.js'
import { formatKeyTimestamp, tryParseTimestamp } from '../util/timestamps.js'

/** Where run records lie below a snapshot's prefix, unless a writer is told otherwise (wire-format §1.1). */
export const RUN_REGISTRY_PREFIX = 'runs'
const RECORD_NAME = 'run.yaml'
const RUN_DIR = /^(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{6}Z)_run_id=([^/]+)_([0-9a-f]{32})\/?$/

/** The "directory" whose children are one per record. */
export function runsUrl(prefix: string, registryPrefix: string): string {
  return joinUrl(prefix, registryPrefix)
}

/** Name of the child for a record made at `micros`; `token` keeps records of one run apart. */
export function runDir(micros: bigint, runId: string, token: string): string {
  return `${formatKeyTimestamp(micros)}_run_id=${runId}_${token}`
}

export function runRecordUrl(prefix: string, registryPrefix: string, dir: string): string {
  return joinUrl(prefix, registryPrefix, dir, RECORD_NAME)
}

/** What a child of `runs/` is called; `undefined` for anything no writer of records makes. */
export function parseRunDir(
  dir: string,
):
  | { readonly runId: string; readonly createdAt: string; readonly createdMicros: bigint }
  | undefined {
  const [, createdAt, runId] = RUN_DIR.exec(dir) ?? []
  if (createdAt === undefined || runId === undefined) return undefined
  const createdMicros = tryParseTimestamp(createdAt)
  return createdMicros === undefined ? undefined : { runId, createdAt, createdMicros }
}

import type { RunRecord } from '@shardyfusion/core/maintain'

/** A running run of the format's example, with what a test wants different. */
export function runRecord(some: Partial<RunRecord> = {}): RunRecord {
  return {
    formatVersion: 1,
    runId: 'run-1',
    writerType: 'typescript',
    status: 'running',
    startedAt: '2026-01-02T03:04:05Z',
    updatedAt: '2026-01-02T03:04:05Z',
    leaseExpiresAt: '2026-01-02T03:14:05Z',
    prefix: 's3://bkt/pre',
    shardPrefix: 'shards',
    dbPathTemplate: 'db={db_id:05d}',
    manifestRef: undefined,
    errorType: undefined,
    errorMessage: undefined,
    ...some,
  }
}

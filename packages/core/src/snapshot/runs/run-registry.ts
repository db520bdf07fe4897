import type { ObjectCallOptions } from '../../store/object-store.js'
import type { RunRecord } from './run-record.js'

/** A run record: its ref, its run, and its time of creation. */
export interface RunRef {
  /** Argument of `load` and `update`; a full URL for records in object storage. */
  readonly ref: string
  /** Id of the run. */
  readonly runId: string
  /** Timestamp text. Compare `createdMicros`, never a `Date`, which has milliseconds only. */
  readonly createdAt: string
  /** Time of the start, microseconds since 1970. */
  readonly createdMicros: bigint
}

/**
 * Records what writers do, for people and for cleanup; implement it to bring your own.
 *
 * No reader needs it, and no build fails because of it. A run id may have several records, one for
 * each time it was started. Errors: SHARD_MANIFEST for an unreadable record, SHARD_NOT_FOUND for a
 * missing one, SHARD_STORE from the storage; an aborted signal's own reason. Source: wire-format
 * §8.
 */
export interface RunRegistry {
  /** Stores a new record and returns the ref to update it by. */
  create(record: RunRecord, options?: ObjectCallOptions): Promise<string>
  /** Replaces a record. */
  update(ref: string, record: RunRecord, options?: ObjectCallOptions): Promise<void>
  /** Reads a record. */
  load(ref: string, options?: ObjectCallOptions): Promise<RunRecord>
  /** Removes a record. Removing a record that does not exist succeeds. */
  delete(ref: string, options?: ObjectCallOptions): Promise<void>
  /** Lists every record, newest first. */
  list(options?: ObjectCallOptions): Promise<RunRef[]>
}

import type { ObjectCallOptions } from '../../store/object-store.js'
import type { RunRecord } from './run-record.js'

/** A run record: where it is, whose it is, and since when. */
export interface RunRef {
  /** What `load` and `update` take; a full URL for records in object storage. */
  readonly ref: string
  readonly runId: string
  /** Timestamp text; compare `createdMicros`, never a `Date`, which has milliseconds only. */
  readonly createdAt: string
  readonly createdMicros: bigint
}

/**
 * Where writers note what they are doing, for people and for cleanup; bring your own by implementing it.
 *
 * No reader needs it, and no build fails because of it. A run id may have several records, one for each time
 * it was begun.
 * Errors: SHARD_MANIFEST for a record that cannot be read, SHARD_NOT_FOUND for one that is not there, SHARD_STORE
 * from the storage; an aborted signal's own reason.
 * Source: wire-format §8.
 */
export interface RunRegistry {
  /** Stores a new record and gives the ref to update it by. */
  create(record: RunRecord, options?: ObjectCallOptions): Promise<string>
  update(ref: string, record: RunRecord, options?: ObjectCallOptions): Promise<void>
  load(ref: string, options?: ObjectCallOptions): Promise<RunRecord>
  /** Removes a record; one that is not there is no error. */
  delete(ref: string, options?: ObjectCallOptions): Promise<void>
  /** Every record, newest first. */
  list(options?: ObjectCallOptions): Promise<RunRef[]>
}

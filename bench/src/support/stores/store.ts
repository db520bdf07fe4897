import type { Visit } from '../bare.js'

/** A store of a table, for comparison. Row `i` has the integer key `i` and the value `valueOf(i, valueBytes)`. */
export interface Store {
  readonly name: string
  /** Builds the table with the rows of these numbers, in their order, in a new place. */
  build(place: Place, ids: readonly number[], valueBytes: number): Promise<void>
  open(place: Place): Promise<OpenStore>
}

/** The folder of the table; it is empty before the build. */
export interface Place {
  readonly path: string
  readonly url: string
}

export type Values = readonly (Uint8Array | undefined)[]

export interface OpenStore {
  /** Returns synchronously if the store can, as its users would call it. */
  get(key: number): Uint8Array | undefined | Promise<Uint8Array | undefined>
  /** The values of many keys, in their order, in the quickest way the store has. */
  getMany(keys: readonly number[]): Values | Promise<Values>
  /** All rows in key order. */
  scan(visit: Visit): void | Promise<void>
  close(): void | Promise<void>
}

/** Rows per batch, for stores that write batches. */
export const BATCH_ROWS = 1_000

/** The ids, `BATCH_ROWS` at a time. */
export function* batches(ids: readonly number[]): Generator<readonly number[]> {
  for (let at = 0; at < ids.length; at += BATCH_ROWS) yield ids.slice(at, at + BATCH_ROWS)
}

import type { ManifestRef } from '../../snapshot/catalog/manifest-store.js'

/**
 * The kind of a problem with a shard, or with the manifest.
 *
 * `other-run`: the manifest is stored under the id of another run; readers refuse it. `missing`: no
 * database exists at its URL. `damaged`: objects it was sealed with are missing or changed.
 * `rewritten` (a warning): another tool has rewritten it since. `suspicious` (a warning; for shards
 * without a seal): its objects look as if some were lost. `lost-rows`: it contains fewer keys than
 * it was sealed with. `unreadable`: it cannot be opened, or read to the end. `no-rows`: the
 * manifest counts rows, but the shard has none. `too-many-rows`: it contains more keys than rows
 * were written. `order`: a key does not come after the one before it. `key-range`: the smallest or
 * largest key is not the manifest's. `undecodable-key`: bytes that are not a key of the snapshot's
 * encoding. `wrong-shard`: lookups of the key go to another shard. `lookup`: a lookup of a scanned
 * key finds nothing, or another value. `vectors`: the vectors of the shard are not those that the
 * manifest describes. `vector-without-row` (a warning): ids of vectors are keys, but some have no row.
 */
export type FindingKind =
  | 'other-run'
  | 'missing'
  | 'damaged'
  | 'rewritten'
  | 'suspicious'
  | 'lost-rows'
  | 'unreadable'
  | 'no-rows'
  | 'too-many-rows'
  | 'order'
  | 'key-range'
  | 'undecodable-key'
  | 'wrong-shard'
  | 'lookup'
  | 'vectors'
  | 'vector-without-row'

/** One kind of damage in one shard. */
export interface VerifyFinding {
  /** `undefined` for the manifest itself. */
  readonly shard: number | undefined
  /** The kind of damage. */
  readonly kind: FindingKind
  /** `warning` for problems that readers can handle: keys that can only be read as bytes. */
  readonly severity: 'error' | 'warning'
  /** Number of occurrences. */
  readonly count: number
  /** A message about the first of them, for people. */
  readonly message: string
  /** Affected keys, at most five, for people. */
  readonly keys: readonly string[]
  /** The failure, if there was one. */
  readonly error: unknown
}

/** The result of one shard. */
export interface VerifiedShard {
  /** Number of the shard. */
  readonly id: number
  /** `undefined` for an empty shard. */
  readonly url: string | undefined
  /** Sound, without rows, or with a finding. */
  readonly status: 'ok' | 'empty' | 'bad'
  /** Number of keys read; with `rows` some may be read twice. */
  readonly keys: number
  /** Bytes of keys and values read. */
  readonly bytes: number
  /** Rows written, by the manifest. */
  readonly rowCount: number
  /** Rows overwritten by later ones; `undefined` if not all rows were read. */
  readonly overwritten: number | undefined
  /** Keys that were looked up. */
  readonly lookups: number
  /** Vectors of the shard; `undefined` if the snapshot has none. */
  readonly vectors?: number | undefined
}

/** The result of `verifySnapshot`. */
export interface VerifyReport {
  /** True if there are no findings except warnings. */
  readonly ok: boolean
  /** URL of the table. */
  readonly prefix: string
  /** Id of the run. */
  readonly runId: string
  /** The manifest that was compared. */
  readonly manifest: ManifestRef
  /** Number of shards of the snapshot, including empty ones, and of those verified. */
  readonly shards: number
  /** Shards that were read. */
  readonly shardsVerified: number
  /** Keys that were read. */
  readonly keys: number
  /** Vectors of the verified shards; 0 if the snapshot has none. */
  readonly vectors: number
  /** Bytes of keys and values that were read. */
  readonly bytes: number
  /** Damage and warnings; empty if the snapshot is sound. */
  readonly findings: readonly VerifyFinding[]
  /** The result of each shard. */
  readonly results: readonly VerifiedShard[]
  /** The checks that could not be made, or were not requested. */
  readonly notChecked: readonly string[]
}

/** Progress of a verification; reported a few times a second and after every shard. */
export interface VerifyProgress {
  /** Shards that were read so far. */
  readonly shardsVerified: number
  /** Number of shards to verify. */
  readonly shards: number
  /** Keys so far. */
  readonly keys: number
  /** Bytes of keys and values so far. */
  readonly bytes: number
  /** Findings so far. */
  readonly findings: number
}

import type { ManifestRef } from '../../snapshot/catalog/manifest-store.js'

/**
 * What is wrong with a shard, or with the manifest.
 *
 * `other-run`: the manifest is named by the id of another run; readers refuse it. `missing`: there is no database at its URL. `damaged`: objects it was sealed with are missing or changed. `rewritten`
 * (a warning): another tool has rewritten it since. `suspicious` (a warning; for shards without a seal): its objects
 * look as if some were lost. `lost-rows`: it holds fewer keys than it was sealed with. `unreadable`: it cannot be opened, or read to the end. `no-rows`: the
 * manifest counts rows, and there are none. `too-many-rows`: it holds more keys than rows were written. `order`: a key
 * does not come after the one before it. `key-range`: the smallest or largest key is not the manifest's.
 * `undecodable-key`: bytes that are no key of the snapshot's encoding. `wrong-shard`: the key is looked for in another
 * shard. `lookup`: a key that was scanned is not found, or found with another value.
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

export interface VerifyFinding {
  /** `undefined` for the manifest itself. */
  readonly shard: number | undefined
  readonly kind: FindingKind
  /** `warning` for what readers cope with: keys that can only be read as bytes. */
  readonly severity: 'error' | 'warning'
  /** How often. */
  readonly count: number
  /** The first of them, for people. */
  readonly message: string
  /** Keys concerned, at most five, for people. */
  readonly keys: readonly string[]
  readonly error: unknown
}

export interface VerifiedShard {
  readonly id: number
  /** `undefined` for an empty shard. */
  readonly url: string | undefined
  readonly status: 'ok' | 'empty' | 'bad'
  /** Keys read; with `rows` some may be read twice. */
  readonly keys: number
  /** Bytes of keys and values read. */
  readonly bytes: number
  /** Rows written, by the manifest. */
  readonly rowCount: number
  /** Rows that were overwritten by later ones; `undefined` if not all rows were read. */
  readonly overwritten: number | undefined
  readonly lookups: number
}

export interface VerifyReport {
  /** True if there is no finding but warnings. */
  readonly ok: boolean
  readonly prefix: string
  readonly runId: string
  readonly manifest: ManifestRef
  /** Shards of the snapshot, empty ones included, and those looked at. */
  readonly shards: number
  readonly shardsVerified: number
  readonly keys: number
  readonly bytes: number
  readonly findings: readonly VerifyFinding[]
  readonly results: readonly VerifiedShard[]
  /** What could not be, or was not to be, checked. */
  readonly notChecked: readonly string[]
}

/** How far a verification has come; told a few times a second and after every shard. */
export interface VerifyProgress {
  readonly shardsVerified: number
  /** Shards to be looked at. */
  readonly shards: number
  readonly keys: number
  readonly bytes: number
  readonly findings: number
}

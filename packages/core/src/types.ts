/** A key of the caller; its type decides how it is hashed (wire-format §4.1). */
export type Key = bigint | number | string | Uint8Array

/** One row of a shard as it is stored: encoded key, then value. */
export type Entry = readonly [key: Uint8Array, value: Uint8Array]

/** How keys are stored and ordered in every shard of a snapshot (wire-format §5.1). */
export type KeyEncoding = 'u64be' | 'u32be' | 'utf8' | 'raw'

/** The keys that an encoding takes. */
export type KeyOf<E extends KeyEncoding> = E extends 'u64be' | 'u32be'
  ? bigint | number
  : Uint8Array | string

/** A stored key, decoded. */
export type DecodedKeyOf<E extends KeyEncoding> = E extends 'u64be' | 'u32be'
  ? bigint
  : E extends 'utf8'
    ? string
    : Uint8Array

/** Keys from `start` (included) up to `end` (excluded), or all that begin with `prefix`; both together intersect. */
export interface KeyRange<K extends Key = Key> {
  /** First key. */
  start?: K | undefined
  /** The key after the last one. */
  end?: K | undefined
  /** Text for text keys, or the first bytes of stored keys. */
  prefix?: Extract<K, string> | Uint8Array | undefined
}

/** The same in stored bytes, as engines take it. */
export interface ByteRange {
  /** First stored key. */
  readonly start?: Uint8Array | undefined
  /** The stored key after the last one. */
  readonly end?: Uint8Array | undefined
}

/** A result of a CEL expression that names a shard. */
export type RoutingValue = bigint | string

/** Types of a CEL column (wire-format §4.3). */
export type CelType = 'int' | 'uint' | 'string' | 'bytes' | 'double' | 'bool'

/** How keys are distributed over shards, as a manifest records it (wire-format §3.4). */
export type ShardingSpec =
  | { readonly strategy: 'hash'; readonly hashAlgorithm: 'xxh3_64' }
  | {
      readonly strategy: 'cel'
      readonly hashAlgorithm: 'xxh3_64'
      readonly celExpr: string
      readonly celColumns: Readonly<Record<string, CelType>>
      /**
       * Categorical: the shard is the index of the result in this list. If absent, the result is
       * the shard.
       */
      readonly routingValues: readonly RoutingValue[] | undefined
    }

/** Column values for the evaluation of a CEL expression, by column name. */
export type RoutingContext = Readonly<Record<string, Key | boolean | null>>

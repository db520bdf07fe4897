import * as v from 'valibot'
import { integer } from '../../options/scalars.js'
import type { CelShardingOption } from '../../routing/cel/cel-sharding-option.js'
import { MAX_MANIFEST_SHARDS } from '../../snapshot/max-manifest-shards.js'
import type { CelType } from '../../types.js'

/** How rows are distributed: a number of shards, a size per shard, or a CEL expression. */
export type ShardingOption =
  | { shards: number }
  /** Needs the number of rows: from `records.length` or `records.size`, or from `expectedRows`. */
  | { maxKeysPerShard: number; expectedRows?: number | undefined }
  | CelShardingOption

const shardCount = integer(1, 'shards', MAX_MANIFEST_SHARDS)

export const shardingSchema = v.union(
  [
    v.strictObject({ shards: shardCount }),
    v.strictObject({
      maxKeysPerShard: integer(1, 'keys'),
      expectedRows: v.optional(integer(0, 'rows')),
    }),
    v.strictObject({
      cel: v.string(),
      columns: v.record(
        v.string(),
        v.picklist([
          'int',
          'uint',
          'string',
          'bytes',
          'double',
          'bool',
        ]) as v.GenericSchema<CelType>,
      ),
      values: v.optional(v.union([v.array(v.union([v.bigint(), v.string()])), v.literal('infer')])),
      shards: v.optional(shardCount),
    }),
  ],
  'must be { shards: 8 }, { maxKeysPerShard: 1000000 } (with expectedRows unless records have a length), or ' +
    '{ cel: "…", columns: { … } }, with whole numbers of 1 or more',
)

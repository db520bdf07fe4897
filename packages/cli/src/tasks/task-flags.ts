import type { BuildFlags } from '../build/build-flags.js'

/** Options of `plan`. */
export interface PlanFlags extends Pick<
  BuildFlags,
  | 'shards'
  | 'cel'
  | 'celColumn'
  | 'celValue'
  | 'keyEncoding'
  | 'runId'
  | 'compression'
  | 'custom'
  | 'maxKeysPerShard'
  | 'expectedRows'
  | 'dimensions'
  | 'metric'
> {
  readonly keyColumn?: string
  readonly leaseHours?: number
}

/** Options of `write-shard`. */
export interface WriteShardFlags extends Pick<
  BuildFlags,
  'key' | 'value' | 'keyAs' | 'valueAs' | 'vectorColumn' | 'vectorId' | 'payload'
> {
  readonly plan?: string
  readonly shard?: number
  readonly from?: 'frames' | 'arrow' | 'ndjson'
  readonly attempt?: number
  readonly taskAttemptId?: number
  readonly stageId?: number
  readonly memoryMib?: number
  readonly verifyRouting: boolean
}

/** Options of `publish`. */
export interface PublishFlags {
  readonly plan?: string
  readonly allowEmpty?: true
}

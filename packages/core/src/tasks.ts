// A build on a cluster: a driver plans it, tasks write its shards, the driver publishes it.

export { type PlanOptions, planSnapshot } from './build/tasks/plan-snapshot.js'
export {
  formatSnapshotPlan,
  parseSnapshotPlan,
  type SnapshotPlan,
} from './build/tasks/snapshot-plan.js'
export { type ShardAttemptOptions, writeShardAttempt } from './build/tasks/write-shard-attempt.js'
export { type FrameVectors, readEntryFrames, readVectorFrames } from './build/tasks/entry-frames.js'
export { formatAttemptResult, parseAttemptResult } from './build/shard/attempt-result-json.js'
export type { ShardAttemptResult } from './build/shard/shard-attempt-result.js'
export {
  type PublishedTasks,
  type PublishOptions,
  publishSnapshot,
} from './build/tasks/publish-snapshot.js'
export type { EntryChunk } from './chunk/entry-chunk.js'

export { EntryChunk } from './chunk/entry-chunk.js'
export { ChunkBuilder, packEntries } from './chunk/chunk-builder.js'
export { isShardyfusionError, ShardyfusionError } from './errors.js'
export type { ErrorCode, ErrorDetails } from './errors.js'
export type {
  ByteRange,
  CelType,
  Entry,
  Key,
  KeyEncoding,
  KeyRange,
  RoutingContext,
  RoutingValue,
  ShardingSpec,
  ValueEncoding,
} from './types.js'

// Snapshots of vectors without keys, without `await`: `@shardyfusion/vector` in the worker thread.
export type { SearchCallOptions } from './search/search-call.js'
export { VectorReaderSync, type VectorReaderSyncOptions } from './vector/vector-reader-sync.js'
export { writeVectorsSync, type WriteVectorsSyncOptions } from './vector/write-vectors-sync.js'

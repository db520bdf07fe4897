// Shared with the other packages of this repository only: it changes without notice. It must load
// fast, because the sync package loads it in the thread of its caller.
export { ChunkBuilder } from './chunk/chunk-builder.js'
export { EntryChunk } from './chunk/entry-chunk.js'
export { requireChunk } from './chunk/require-chunk.js'
export type { EngineLimits, ShardEngine } from './engine/engine.js'
export { engineFromOrigin, requireEngineOrigin } from './engine/engine-origin.js'
export { requireEngine, resolveEngine } from './engine/resolve-engine.js'
export { slatedb } from './slatedb/slatedb.js'
export { isShardyfusionError, ShardyfusionError } from './errors.js'
export { requireKeyList } from './keys/key-list.js'
export { ownContext, ownKey } from './keys/own-key.js'
export { requireInt64 } from './keys/routing-bytes.js'
export {
  decodeKey,
  encodeKey,
  encodeOwnLookupKey,
  isIntegerEncoding,
  requireStoredKey,
} from './keys/stored-bytes.js'
export { requireCatalog } from './snapshot/catalog/catalog.js'
export { catalogFromOrigin, requireCatalogOrigin } from './snapshot/catalog/catalog-origin.js'
export { requireStoreOrigin, storeFromOrigin } from './store/store-origin.js'
export { checkCallOptions } from './options/call-options.js'
export { describeValue } from './options/describe-value.js'
export { parseOptions } from './options/parse-options.js'
export { integer } from './options/scalars.js'
export { snapshotReaderOptionsSchema } from './read/snapshot-reader-options.js'
export { type ResumableScan, resumableScan, type ScanPosition } from './read/scan/resumable-scan.js'
export type { DecodedKey, KeyView } from './read/snapshot-reader.js'
export { unhealthy } from './read/snapshot-info.js'
export { cacheId, ValueCache } from './read/lookup/value-cache.js'
export { type DecodedValue, type ValueDecoder, valueDecoder } from './values/value-decoder.js'
export { throwIfAborted } from './async/abort.js'
export { redact } from './text/redact.js'
export { inRecord, recordFields } from './build/rows/record-fields.js'
export { checkLimits } from './build/rows/shard-sink.js'
export { type ValueInput, valueEncoder } from './values/value-encoder.js'

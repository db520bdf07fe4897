// What the other packages of this repository share with core and nobody else should use: it changes without
// notice. Light to load, since the sync package loads it in the thread of its caller.
export { ChunkBuilder } from './chunk/chunk-builder.js'
export { EntryChunk } from './chunk/entry-chunk.js'
export { requireChunk } from './chunk/require-chunk.js'
export type { EngineLimits, ShardEngine } from './engine/engine.js'
export { engineFromOrigin, requireEngineOrigin } from './engine/engine-origin.js'
export { requireEngine, resolveEngine } from './engine/resolve-engine.js'
export { slatedb } from './engine/slatedb.js'
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
export { requireCatalog } from './manifest/catalog.js'
export { catalogFromOrigin, requireCatalogOrigin } from './manifest/catalog-origin.js'
export { requireStoreOrigin, storeFromOrigin } from './objects/store-origin.js'
export {
  checkCallOptions,
  describeValue,
  integer,
  parseOptions,
  snapshotReaderOptionsSchema,
} from './options.js'
export { type ResumableScan, resumableScan, type ScanPosition } from './reader/resumable-scan.js'
export type { DecodedKey, KeyView } from './reader/snapshot-reader.js'
export { unhealthy } from './reader/snapshot-info.js'
export { cacheId, ValueCache } from './reader/value-cache.js'
export { type DecodedValue, type ValueDecoder, valueDecoder } from './reader/value-decoder.js'
export { throwIfAborted } from './util/abort.js'
export { redact } from './util/redact.js'
export { inRecord, recordFields } from './writer/record-fields.js'
export { checkLimits } from './writer/shard-sink.js'
export { type ValueInput, valueEncoder } from './writer/value-encoder.js'

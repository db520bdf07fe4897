// For the other packages of this repository only: it changes without notice. The sync package loads
// it in the thread of its caller, so it must load fast: without the code of readers, builds and
// updates. It repeats public names only for that reason.
export { ChunkBuilder } from './chunk/chunk-builder.js'
export { EntryChunk } from './chunk/entry-chunk.js'
export { HitChunk } from './chunk/hit-chunk.js'
export { VectorChunk } from './chunk/vector-chunk.js'
export { VectorChunkBuilder } from './chunk/vector-chunk-builder.js'
export { requireChunk } from './chunk/require-chunk.js'
export { registeredOrigins, registerEngine, vectorEngine } from './engine/choose-engine.js'
export { requireEngineOrigin } from './engine/engine-origin.js'
export { requireEngine, resolveEngine } from './engine/resolve-engine.js'
export { slatedb } from './slatedb/slatedb.js'
export { bundleRemedy, embeddedSource } from './build/workers/embedded-source.js'
export { canOpenFiles } from './errors/can-open-files.js'
export { limitRemedy } from './errors/limit-remedy.js'
export { isShardyfusionError, ShardyfusionError } from './errors.js'
export { invalidOption, invalidValue } from './errors/error-factories.js'
export {
  decodeError,
  encodeError,
  packErrors,
  unpackErrors,
  type WireError,
} from './errors/wire-error.js'
export { requireKeyList } from './keys/key-list.js'
export { ownContext, ownKey } from './keys/own-key.js'
export { requireInt64 } from './keys/routing-bytes.js'
export { decodeKey, encodeKey, encodeOwnLookupKey, requireStoredKey } from './keys/stored-bytes.js'
export { requireCatalog } from './snapshot/catalog/catalog.js'
export { requireCatalogOrigin } from './snapshot/catalog/catalog-origin.js'
export { requireStoreOrigin } from './store/store-origin.js'
export { checkCallOptions } from './options/call-options.js'
export { describeValue } from './options/describe-value.js'
export { isPlainObject } from './options/is-plain-object.js'
export { parseOptions } from './options/parse-options.js'
export { integer } from './options/scalars.js'
export { snapshotReaderOptionsSchema } from './read/snapshot-reader-options.js'
export { resumableScan } from './read/scan/resumable-scan.js'
export { unhealthy } from './read/snapshot-info.js'
export { peekKey } from './read/lookup/peek-key.js'
export { emit, lookups } from './diagnostics/events.js'
export { type LiveReader, liveReaders, noteReader } from './diagnostics/live-readers.js'
export { ReaderCounters } from './diagnostics/reader-stats.js'
export { LookupSampler } from './read/lookup/lookup-sampler.js'
export { manyQueries, oneQuery } from './read/search/search-queries.js'
export { keyOfHit } from './read/search/key-of-hit.js'
export { hitsOfQuery, packedSearch, type PackedResults } from './read/search/search-result.js'
export { ValueCache } from './read/lookup/value-cache.js'
export { type ValueDecoder, valueDecoder } from './values/value-decoder.js'
export { throwIfAborted } from './async/abort.js'
export { isPromise } from './async/is-promise.js'
export { isArrayBuffer, isBytes } from './text/bytes.js'
export { isError, isErrorNamed } from './errors/is-error.js'
export { safeUrl } from './text/describe-url.js'
export { withJson } from './text/json-form.js'
export { parseJson } from './text/lossless-json.js'
export { redact } from './text/redact.js'
export {
  accessor,
  type AnyRecord,
  inRecord,
  recordFields,
  type RecordOptions,
  type RecordRules,
} from './build/rows/record-fields.js'
export { changeFields } from './update/change-fields.js'
export {
  packedChanges,
  type PackedChanges,
  updaterFacts,
  type UpdaterFacts,
} from './update/packed-changes.js'
export { VectorRow, vectorRow } from './build/rows/vector-row.js'
export { checkLimits } from './build/rows/shard-sink.js'
export { StoredValues } from './values/codec-name.js'
export { isValueCodec, valueEntries } from './values/value-codec.js'
export { type ValueEncoder, valueEncoder } from './values/value-encoder.js'
export { unexpectedVector } from './build/vector-option.js'
export type { VectorSettings } from './engine/vector-engine.js'

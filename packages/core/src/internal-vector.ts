// For `@shardyfusion/vector` and `@shardyfusion/lancedb` only: it changes without notice.
export { orAbort, throwIfAborted } from './async/abort.js'
export { closeOnce } from './async/close-once.js'
export { yieldIfDue } from './async/yield-if-due.js'
export { isCheckedVector } from './build/rows/vector-row.js'
export { takeRecords } from './build/rows/for-each-record.js'
export { accessor, inRecord } from './build/rows/record-fields.js'
export { type VectorBuild, vectorBuild, writerOptionNames } from './build/vector-build.js'
export { parsePayload } from './chunk/hit-chunk.js'
export { ReaderCounters } from './diagnostics/reader-stats.js'
export { checkValueBytes } from './engine/check-value-bytes.js'
export {
  closed,
  engineError,
  invalidOption,
  invalidValue,
  manifestError,
  notFound,
} from './errors/error-factories.js'
export { withJson } from './text/json-form.js'
export { isErrorNamed } from './errors/is-error.js'
export { describeValue } from './options/describe-value.js'
export { parseOptions } from './options/parse-options.js'
export { requireNames } from './options/require-names.js'
export { sessionOptionsSchema } from './read/session/session-options.js'
export { integer } from './options/scalars.js'
export { checkedVector, isFloat32Array } from './options/vector-values.js'
export { countedSearch } from './read/search/counted-search.js'
export { searchEntries } from './read/search/search-options.js'
export { manyQueries, oneQuery } from './read/search/search-queries.js'
export { expandHits, packedSearch, type PackedResults } from './read/search/search-result.js'
export { searchShards } from './read/search/search-shards.js'
export { engineSearchOptions, requireShards } from './read/search/snapshot-search.js'
export { bytesValue } from './routing/cel/cel-token.js'
export { openRouter } from './routing/open-router.js'
export { vectorFields } from './snapshot/vector-fields.js'
export { isBytes } from './text/bytes.js'
export { parseJson, stringifyJson } from './text/lossless-json.js'
export { EntrySorter } from './sqlite/entry-sorter.js'
export { uniqueKeys } from './sqlite/unique-keys.js'
export { UploadSink } from './sqlite/upload-sink.js'

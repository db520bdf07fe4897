import type { VectorId } from '../../chunk/vector-chunk.js'
import type { EngineSearchOptions, VectorQueries } from '../../engine/vector-engine.js'
import { invalidOption, invalidValue, notFound } from '../../errors/error-factories.js'
import { describeValue } from '../../options/describe-value.js'
import { isBytes } from '../../text/bytes.js'
import { isUnknownRoutingToken } from '../../routing/group-by-shard.js'
import { type VectorFields, vectorFields } from '../../snapshot/vector-fields.js'
import type { Manifest } from '../../snapshot/manifest/manifest.js'
import type { Key, RoutingContext } from '../../types.js'
import type { SessionSnapshot } from '../session/session-hooks.js'
import type { SearchOptions } from './search-options.js'
import { cannotSearch, type FoundHits, searchShards } from './search-shards.js'
import { whereFilter } from './where-filter.js'

/** A snapshot whose rows have keys and vectors. */
export type SearchedSnapshot = SessionSnapshot<unknown>

/** Returns the vectors of a snapshot. Errors: SHARD_INVALID_OPTION if it has none, or its engine cannot search. */
export function requireVectors(state: SearchedSnapshot, where: string): VectorFields {
  const { manifest, engine } = state
  const fields = vectorFields(manifest, where)
  if (fields === undefined) {
    throw invalidOption(
      where,
      `run ${describeValue(manifest.runId)} has no vectors; build it with the option vector, and engine: sqliteVec() of ` +
        '@shardyfusion/vector',
      { details: { runId: manifest.runId, engine: engine.name } },
    )
  }
  const { metric } = fields
  if (engine.supports.search?.includes(metric) !== true) throw cannotSearch(state, where)
  return fields
}

/** The options of a search, as an engine takes them. */
export async function engineSearchOptions(
  o: SearchOptions & { readonly topK: number },
  where: string,
): Promise<EngineSearchOptions> {
  const { topK, exact, recall, maxDistance, signal } = o
  if (exact === true && recall !== undefined) {
    throw invalidOption(where, 'exact and recall were both given; exact: true finds all of them')
  }
  const filter = o.where === undefined ? undefined : await whereFilter(o.where, where)
  return { topK, exact, recall, maxDistance, filter, signal }
}

/** Searches the shards that the options name, which are all by default. */
export async function searchSnapshot(
  state: SearchedSnapshot,
  queries: VectorQueries,
  o: SearchOptions & { readonly topK: number },
  concurrency: number,
  where: string,
): Promise<FoundHits> {
  const shards = shardsOf(state, o, where)
  const options = await engineSearchOptions(o, where)
  return searchShards(state, queries, where, options, { shards, concurrency })
}

function shardsOf(
  { manifest, router }: SearchedSnapshot,
  { shards, context }: SearchOptions,
  where: string,
): readonly number[] {
  if (shards !== undefined && context !== undefined)
    throw invalidOption(where, 'shards and context were both given; either names the shards')
  if (shards !== undefined) return requireShards(manifest, shards, where)
  if (context === undefined) return manifest.entries.map(({ id }) => id)
  try {
    // The context has all columns; the key is not used.
    return [router.route('', context)]
  } catch (error) {
    if (isUnknownRoutingToken(error)) return []
    throw error
  }
}

/** Errors: SHARD_INVALID_OPTION for a shard that the snapshot does not have. */
export function requireShards(
  { entries }: Manifest,
  shards: readonly number[],
  where: string,
): readonly number[] {
  const unknown = shards.find((shard) => shard >= entries.length)
  if (unknown === undefined) return shards
  throw invalidOption(where, `shards must be ids from 0 to ${entries.length - 1}, got ${unknown}`, {
    details: { shard: unknown },
  })
}

/** Reads the vector of a row, for a search of similar ones. Errors: SHARD_NOT_FOUND. */
export async function vectorOfKey(
  state: SearchedSnapshot,
  key: Key,
  context: RoutingContext | undefined,
  where: string,
): Promise<{ id: VectorId; shard: number; vector: Float32Array }> {
  const shard = state.router.route(key, context)
  const id = idOfKey(key, where)
  const missing = (): Error =>
    notFound(
      where,
      `there is no vector with the id ${describeValue(id)}; rows are found by their keys only if these are the ids of their vectors`,
    )
  if (state.manifest.entries[shard]!.url === undefined) throw missing()
  const [vector] = await state.use(shard, (reader) => {
    if (reader.vectorsById === undefined) throw cannotSearch(state, where)
    return reader.vectorsById([id])
  })
  if (vector === undefined) throw missing()
  return { id, shard, vector }
}

/** The id that the vector of a row has by default (wire-format §15). */
function idOfKey(key: Key, where: string): VectorId {
  if (typeof key === 'bigint' || typeof key === 'string') return key
  if (Number.isSafeInteger(key)) return BigInt(key as number)
  if (isBytes(key)) return Array.from(key, (byte) => byte.toString(16).padStart(2, '0')).join('')
  throw invalidValue(where, `a key must be an integer, text or bytes, got ${describeValue(key)}`)
}

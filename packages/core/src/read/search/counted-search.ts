import type { ReaderCounters } from '../../diagnostics/reader-stats.js'
import { type DiagnosticsTraces, traced } from '../../diagnostics/traces.js'
import type { SessionSnapshot } from '../session/session-hooks.js'
import type { FoundHits } from './search-shards.js'

/** Runs a search as an operation of the channel `search`, and counts it. */
export async function countedSearch(
  search: Pick<DiagnosticsTraces['search'], 'prefix' | 'reader' | 'queries' | 'topK'>,
  { manifest }: SessionSnapshot<unknown>,
  counters: ReaderCounters,
  work: () => Promise<FoundHits>,
): Promise<FoundHits> {
  counters.searches++
  counters.queries += search.queries
  try {
    const found = await traced(
      'search',
      () => ({ ...search, runId: manifest.runId }),
      work,
      (message, { hits, shardsQueried }) => {
        message.shardsQueried = shardsQueried
        message.results = hits.count
      },
    )
    counters.results += found.hits.count
    return found
  } catch (error) {
    counters.fail(error)
    throw error
  }
}

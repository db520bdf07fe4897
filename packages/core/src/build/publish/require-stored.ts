import { compareSeal } from '../../engine/compare-seal.js'
import { namesObjects } from '../../engine/shard-seal.js'
import { ShardyfusionError } from '../../errors.js'
import { attemptOf, runFolder, SHARDS } from '../../snapshot/layout.js'
import { joinUrl } from '../../store/urls.js'
import type { BuildJob } from '../open/build-job.js'
import type { ShardAttemptResult } from '../shard/shard-attempt-result.js'

/** Maximum number of shards named in a message. */
const MAX_NAMED = 5

/**
 * Refuses to publish shards whose objects differ from their seals, by one listing of the run.
 *
 * Hours may pass between the seal of a shard and its publication, in which another tool removes
 * objects. Errors: SHARD_NOT_FOUND, `details.shards` naming them; SHARD_STORE from the listing.
 */
export async function requireStored(
  { prefix, runId, objects, options }: BuildJob,
  winners: readonly ShardAttemptResult[],
): Promise<void> {
  const { signal } = options
  const found = new Map<string, Map<string, number>>()
  const sealed = winners.filter(({ seal }) => seal !== undefined && namesObjects(seal))
  if (sealed.length === 0) return
  for (const { url } of sealed) found.set(url!, new Map())
  const root = joinUrl(prefix, SHARDS, runFolder(runId))
  for await (const object of objects.list(root, { signal })) {
    const url = attemptOf(object.url, root)?.url
    if (url !== undefined) found.get(url)?.set(object.url.slice(url.length + 1), object.bytes)
  }
  const lost: [shard: number, problem: string][] = []
  for (const { id, url, seal } of sealed) {
    const { problems } = await compareSeal(seal!, found.get(url!)!)
    if (found.get(url!)!.size === 0) lost.push([id, `shard ${id}: ${url} has no objects`])
    else if (problems.length > 0) lost.push([id, `shard ${id}: ${problems[0]} (${url})`])
  }
  if (lost.length === 0) return
  const named = lost.slice(0, MAX_NAMED).map(([, problem]) => problem)
  const more = lost.length > named.length ? `; and ${lost.length - named.length} more` : ''
  throw new ShardyfusionError(
    'SHARD_NOT_FOUND',
    `run ${runId} is not published: ${lost.length} of ${winners.length} shards are not in storage as ` +
      `they were sealed: ${named.join('; ')}${more}; check what removes objects below ${root} (a cleanup, a lifecycle rule), and ` +
      'build again',
    { details: { peer: 'PublishManifestError', runId, shards: lost.map(([id]) => id) } },
  )
}

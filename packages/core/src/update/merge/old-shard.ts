import type { BuildJob } from '../../build/open/build-job.js'
import type { EngineReader } from '../../engine/engine.js'
import { openEngineReader } from '../../engine/open-engine.js'
import { engineError } from '../../errors/error-factories.js'
import type { ManifestShard } from '../../snapshot/manifest/manifest.js'
import { readSeal } from '../../snapshot/manifest/read-seal.js'
import type { BaseSnapshot } from '../base-snapshot.js'
import type { MergeTally } from './merge-changes.js'

const WHERE = 'updateSnapshot'

/** Opens a shard of the base; `undefined` if it is empty, and so has no database. */
export async function openOld(
  { objects, storage, options }: BuildJob,
  { engine }: BaseSnapshot,
  entry: ManifestShard,
): Promise<EngineReader | undefined> {
  const { checkpointId, bytes, url } = entry
  if (url === undefined) return undefined
  const { openTimeoutMs, signal } = options
  const env = engine.supports.io === 'objects' ? undefined : await storage.engineEnvironment(url)
  const seal = readSeal(entry, WHERE)
  return openEngineReader(
    engine,
    { url, objects, env, checkpointId, bytes, seal, openTimeoutMs, signal },
    WHERE,
  )
}

/** Errors: SHARD_ENGINE if fewer rows were read than the seal of the shard says. */
export function requireAllRows(entry: ManifestShard, { read }: MergeTally): void {
  const keys = readSeal(entry, WHERE)?.keys
  if (keys === undefined || keys === read) return
  throw engineError(
    WHERE,
    `shard ${entry.id} of the current snapshot must have ${keys} rows, as its seal says, but has ${read} ` +
      `(${entry.url}); run verify, and build the next snapshot from the whole table`,
    { details: { shard: entry.id, keys, read } },
  )
}

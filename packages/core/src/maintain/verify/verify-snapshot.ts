import { chooseEngine } from '../../engine/choose-engine.js'
import type { EngineReader, ShardEngine, SnapshotBytes } from '../../engine/engine.js'
import { openEngineReader } from '../../engine/open-engine.js'
import { resolveEngine } from '../../engine/resolve-engine.js'
import { loadSnapshotManifest } from '../../snapshot/catalog/load-snapshot.js'
import {
  type Manifest,
  type ManifestShard,
  snapshotBytesOf,
} from '../../snapshot/manifest/manifest.js'
import { openCatalog } from '../../snapshot/catalog/open-catalog.js'
import { readSeal } from '../../snapshot/manifest/read-seal.js'
import { runIdProblem } from '../../snapshot/catalog/require-run-id.js'
import { type VectorFields, vectorFields } from '../../snapshot/vector-fields.js'
import { openStorage, type Storage } from '../../store/open-storage.js'
import { validatePrefix } from '../../store/urls.js'
import { parseOptions } from '../../options/parse-options.js'
import {
  checkManifest,
  pinnedManifests,
  placedManifests,
} from '../../read/session/manifest-sources.js'
import { throwIfAborted } from '../../async/abort.js'
import { checkObjects } from './check-objects.js'
import { keyRouting } from './key-routing.js'
import { type VerifySnapshotOptions, verifySnapshotOptionsSchema } from './verify-options.js'
import { verifyShard, type VerifyShardOptions } from './verify-shard.js'
import type { FindingKind, VerifiedShard, VerifyFinding, VerifyReport } from './verify-types.js'

const WHERE = 'verifySnapshot'
const PROGRESS_MS = 250

/**
 * Reads a snapshot and compares it with its manifest: every shard opens; keys are in order, within
 * the manifest's range and count, in the shard where lookups expect them, and found by a lookup.
 *
 * Writes nothing. Problems of shards are in the report. A manifest that cannot be read, or may not
 * be followed, is an error; no older one replaces it. Memory: about one chunk of 4,096 entries for
 * each shard verified at the same time. Errors: SHARD_NOT_FOUND, SHARD_MANIFEST, SHARD_STORE; the
 * signal's reason.
 */
export async function verifySnapshot(options: VerifySnapshotOptions): Promise<VerifyReport> {
  const o = parseOptions(verifySnapshotOptionsSchema, options, WHERE)
  const prefix = validatePrefix(o.prefix, WHERE, { reading: true })
  const { signal } = o
  throwIfAborted(signal)
  const given = o.engine === undefined ? undefined : await resolveEngine(o.engine, WHERE)
  const storage = await openStorage(prefix, o, WHERE)
  try {
    const catalog = openCatalog(o.catalog, storage.objects, prefix, WHERE)
    const found = placedManifests(catalog.manifests, prefix, o.shardUrls, catalog)
    const { isOwn } = catalog
    const pinned = await pinnedManifests(found, prefix, o, WHERE, { signal, isOwn })
    const from = { where: WHERE, prefix, signal, maxFallbackAttempts: 0, allowOtherRun: true }
    const { ref, manifest } = await loadSnapshotManifest(pinned ?? found, from)
    checkManifest(manifest, prefix, o.shardUrls, WHERE)
    const engine = given ?? (await chooseEngine(manifest, storage.objects, WHERE, signal))
    const vectors = vectorFields(manifest, WHERE)
    const routing =
      vectors?.unified === false
        ? 'the shards of vectors are chosen by vectors or by their writer: their places were not checked'
        : await keyRouting(manifest)
    const chosen = chooseShards(manifest, o.shards)
    const bare = new Set<number>()
    const tally = new Tally(chosen.length, o.onProgress)
    const otherRun = runIdProblem(ref, manifest)
    if (otherRun !== undefined) tally.manifest('other-run', otherRun)
    const each: Omit<VerifyShardOptions, 'onChunk'> = {
      keyEncoding: manifest.keyEncoding,
      routing: typeof routing === 'string' ? undefined : routing,
      vectors,
      rows: o.rows === 'all' ? undefined : o.rows,
      checkObjects: async (shard, findings) => {
        if (!(await checkObjects(shard, storage.objects, findings, { signal }))) bare.add(shard.id)
      },
      signal,
    }
    const snapshotBytes = snapshotBytesOf(manifest)
    await verifyAll(chosen, o.concurrency, async (shard) => {
      const open = (): Promise<EngineReader> =>
        openShard(shard, snapshotBytes, engine, vectors, storage, o.openTimeoutMs)
      const onChunk = (keys: number, bytes: number): void => tally.add(keys, bytes)
      tally.shard(await verifyShard(shard, open, { ...each, onChunk }))
    })
    const report = tally.report()
    return {
      ...report,
      prefix,
      runId: manifest.runId,
      manifest: ref,
      shards: manifest.shards,
      notChecked: [
        ...(typeof routing === 'string' ? [routing] : []),
        ...withoutSeals(chosen.filter(({ id }) => bare.has(id))),
        ...(chosen.length < manifest.shards ? ['only some of the shards were verified'] : []),
        ...(o.rows === 'all' ? [] : ['only some of the rows were verified: they were not counted']),
        ...uncountedRows(chosen, report.results),
      ],
    }
  } finally {
    await storage.close()
  }
}

/** Returns the shards without a seal to compare with. */
function withoutSeals(shards: readonly ManifestShard[]): string[] {
  if (shards.length === 0) return []
  return [
    `${describeShards(shards)} not sealed with their objects (the Python project and versions before do not): a shard ` +
      'that has lost its newest rows cannot be distinguished from a smaller one',
  ]
}

/** Returns the shards with fewer keys than rows written and without a key count in their seal. */
function uncountedRows(
  shards: readonly ManifestShard[],
  results: readonly VerifiedShard[],
): string[] {
  const byId = new Map(shards.map((shard) => [shard.id, shard]))
  const fewer = results.filter(({ id, status, overwritten }) => {
    return (
      status === 'ok' && Boolean(overwritten) && readSeal(byId.get(id)!, WHERE)?.keys === undefined
    )
  })
  if (fewer.length === 0) return []
  const rows = fewer.reduce((sum, { overwritten }) => sum + (overwritten ?? 0), 0)
  return [
    `${describeShards(fewer)} without a number of keys, and ${rows} rows were overwritten there by later ones of the ` +
      'same key, or lost: these cases cannot be distinguished',
  ]
}

function describeShards(shards: readonly { readonly id: number }[]): string {
  if (shards.length === 1) return `shard ${shards[0]!.id} is`
  const named = shards.slice(0, 10).map(({ id }) => id)
  const more = shards.length > named.length ? ` and ${shards.length - named.length} more` : ''
  return `shards ${named.join(', ')}${more} are`
}

async function openShard(
  shard: ManifestShard,
  snapshotBytes: SnapshotBytes,
  engine: ShardEngine,
  vectors: VectorFields | undefined,
  storage: Storage,
  openTimeoutMs: number | undefined,
): Promise<EngineReader> {
  const { checkpointId, bytes } = shard
  const seal = readSeal(shard, WHERE)
  const url = shard.url!
  const { objects } = storage
  const env = engine.supports.io === 'objects' ? undefined : await storage.engineEnvironment(url)
  return openEngineReader(
    engine,
    { url, objects, env, vectors, checkpointId, bytes, snapshotBytes, seal, openTimeoutMs },
    WHERE,
  )
}

/** Returns all shards, or some of those with data, in order of id. */
function chooseShards({ entries }: Manifest, shards: 'all' | number): readonly ManifestShard[] {
  if (shards === 'all') return entries
  const left = entries.filter(({ url }) => url !== undefined)
  const chosen: ManifestShard[] = []
  while (chosen.length < shards && left.length > 0) {
    const at = Math.floor(Math.random() * left.length)
    const [shard] = left.splice(at, 1)
    chosen.push(shard!)
  }
  return chosen.sort((a, b) => a.id - b.id)
}

/**
 * Verifies a few at a time. After a failure no new one starts; those in progress are awaited,
 * because they still read.
 */
async function verifyAll(
  shards: readonly ManifestShard[],
  concurrency: number,
  verify: (shard: ManifestShard) => Promise<void>,
): Promise<void> {
  const queue = shards.values()
  let failed = false
  const worker = async (): Promise<void> => {
    for (const shard of queue) {
      if (failed) return
      try {
        await verify(shard)
      } catch (error) {
        failed = true
        throw error
      }
    }
  }
  const workers = await Promise.allSettled(Array.from({ length: concurrency }, worker))
  for (const outcome of workers) if (outcome.status === 'rejected') throw outcome.reason
}

/** The totals so far. */
class Tally {
  readonly #shards: number
  readonly #onProgress: VerifySnapshotOptions['onProgress']
  readonly #results: VerifiedShard[] = []
  readonly #findings: VerifyFinding[] = []
  #keys = 0
  #bytes = 0
  #reportedAt = performance.now()

  constructor(shards: number, onProgress: VerifySnapshotOptions['onProgress']) {
    this.#shards = shards
    this.#onProgress = onProgress
  }

  add(keys: number, bytes: number): void {
    this.#keys += keys
    this.#bytes += bytes
    if (performance.now() - this.#reportedAt >= PROGRESS_MS) this.#report()
  }

  manifest(kind: FindingKind, message: string): void {
    const severity = 'error'
    const finding = { shard: undefined, kind, severity, count: 1, message, keys: [] } as const
    this.#findings.push({ ...finding, error: undefined })
  }

  shard({ result, findings }: { result: VerifiedShard; findings: VerifyFinding[] }): void {
    this.#results.push(result)
    this.#findings.push(...findings)
    this.#report()
  }

  report(): Pick<
    VerifyReport,
    'ok' | 'shardsVerified' | 'keys' | 'vectors' | 'bytes' | 'findings' | 'results'
  > {
    const findings = this.#findings.sort((a, b) => (a.shard ?? -1) - (b.shard ?? -1))
    return {
      ok: findings.every(({ severity }) => severity === 'warning'),
      shardsVerified: this.#results.length,
      keys: this.#keys,
      vectors: this.#results.reduce((sum, { vectors = 0 }) => sum + vectors, 0),
      bytes: this.#bytes,
      findings,
      results: this.#results.sort((a, b) => a.id - b.id),
    }
  }

  #report(): void {
    this.#reportedAt = performance.now()
    this.#onProgress?.({
      shardsVerified: this.#results.length,
      shards: this.#shards,
      keys: this.#keys,
      bytes: this.#bytes,
      findings: this.#findings.length,
    })
  }
}

import { isShardyfusionError, type ShardyfusionError } from '../../errors.js'
import { manifestError, notFound } from '../../errors/error-factories.js'
import type { Manifest } from '../manifest/manifest.js'
import type { ManifestRef, ManifestSource } from './manifest-store.js'
import { requireRunId } from './require-run-id.js'

const DEFAULT_FALLBACK_ATTEMPTS = 3

export interface LoadSnapshotOptions {
  /** Number of older manifests to try if the current one cannot be used; 3 by default, 0 for none. */
  readonly maxFallbackAttempts?: number | undefined
  /** Further conditions on a manifest: if it throws SHARD_MANIFEST, the next one is tried. */
  readonly check?: ((manifest: Manifest) => void) | undefined
  /** Also accepts a manifest that is stored under the id of another run; see `runIdProblem`. */
  readonly allowOtherRun?: boolean | undefined
  readonly signal?: AbortSignal | undefined
  /** Starts the messages, such as `SnapshotReader.open`. */
  readonly where: string
  /** Named in messages. */
  readonly prefix?: string | undefined
}

/** The manifest that `_CURRENT` names, and why an older one is used instead. */
export interface Fallback {
  /** The damaged manifest that the pointer names. */
  readonly current: ManifestRef
  /** Why it cannot be read. */
  readonly error: ShardyfusionError
}

/** A manifest to open; has a `fallback` if it is not the one `_CURRENT` names. */
export interface LoadedManifest {
  readonly ref: ManifestRef
  readonly manifest: Manifest
  readonly fallback: Fallback | undefined
}

/**
 * Loads the manifest a reader starts from: the current one or, if that is broken, the newest usable
 * one.
 *
 * "Newest" is by publication, so after a rollback the fallback may be newer than the current one.
 * Errors: SHARD_NOT_FOUND (peer ReaderStateError) if nothing was published; SHARD_MANIFEST (the
 * same peer) if no manifest is usable. All other failures are final, including a missing manifest.
 * Source: wire-format §7.4.
 */
export async function loadSnapshotManifest(
  store: ManifestSource,
  options: LoadSnapshotOptions,
): Promise<LoadedManifest> {
  const { maxFallbackAttempts = DEFAULT_FALLBACK_ATTEMPTS, signal, where } = options
  const current = await store.loadCurrent({ signal })
  if (current === undefined) {
    throw notFound(
      where,
      `nothing is published below ${options.prefix ?? 'this prefix'} (it has no _CURRENT); ` +
        'publish a snapshot there first, or check the prefix',
    )
  }
  const loaded = await tryLoad(store, current, options)
  if ('manifest' in loaded) return { ref: current, manifest: loaded.manifest, fallback: undefined }
  if (maxFallbackAttempts < 1) throw loaded.broken
  const listed = await store.listManifests(maxFallbackAttempts + 1, { signal })
  const candidates = listed.filter(({ ref }) => ref !== current.ref).slice(0, maxFallbackAttempts)
  for (const candidate of candidates) {
    const next = await tryLoad(store, candidate, options)
    if (!('manifest' in next)) continue
    const fallback = { current, error: loaded.broken }
    return { ref: candidate, manifest: next.manifest, fallback }
  }
  throw manifestError(
    where,
    `neither the current manifest nor any of ${candidates.length} older ones can be read; ` +
      'publish the snapshot again',
    {
      peer: 'ReaderStateError',
      cause: loaded.broken,
      details: { manifestRef: current.ref, tried: candidates.length },
    },
  )
}

async function tryLoad(
  store: ManifestSource,
  ref: ManifestRef,
  { check, allowOtherRun = false, signal, where }: LoadSnapshotOptions,
): Promise<{ readonly manifest: Manifest } | { readonly broken: ShardyfusionError }> {
  try {
    const manifest = await store.loadManifest(ref.ref, { signal })
    if (!allowOtherRun) requireRunId(ref, manifest, where)
    check?.(manifest)
    return { manifest }
  } catch (error) {
    if (isShardyfusionError(error) && error.code === 'SHARD_MANIFEST') return { broken: error }
    throw error
  }
}

import type { Manifest } from '../manifest/manifest.js'

/** A published manifest: where it is, whose it is, and since when. */
export interface ManifestRef {
  /** Names the manifest in its catalog; a full URL for manifests in object storage. */
  readonly ref: string
  readonly runId: string
  /** Timestamp text; compare it (or `publishedMicros`), never a `Date`, which has milliseconds only. */
  readonly publishedAt: string
  readonly publishedMicros: bigint
}

export interface ManifestCallOptions {
  readonly signal?: AbortSignal | undefined
}

/**
 * Where manifests are published and found; bring your own by implementing it.
 *
 * Errors: SHARD_MANIFEST for content that cannot be taken, SHARD_NOT_FOUND for a manifest that is not
 * there, SHARD_STORE from the storage; an aborted signal's own reason.
 * Source: wire-format §7.3.
 */
export interface ManifestStore {
  /**
   * Stores the manifest, then makes it current.
   *
   * Errors: SHARD_PUBLISH, retryable, with peer PublishManifestError; or, when only the second step failed,
   * PublishCurrentError with `details.manifestRef`, for which `setCurrent` is enough.
   */
  publish(manifest: Manifest, options?: ManifestCallOptions): Promise<ManifestRef>
  /** The manifest readers are to open, and since when; `undefined` if nothing was published yet. */
  loadCurrent(options?: ManifestCallOptions): Promise<ManifestRef | undefined>
  loadManifest(ref: string, options?: ManifestCallOptions): Promise<Manifest>
  /** The newest `limit` (default 10) in the order of publication, newest first; made current or not. */
  listManifests(limit?: number, options?: ManifestCallOptions): Promise<ManifestRef[]>
  /** Makes a published manifest current again, as in a rollback. */
  setCurrent(ref: string, options?: ManifestCallOptions): Promise<ManifestRef>
  /**
   * Removes a published manifest; false if it does not exist.
   *
   * Errors: SHARD_BUSY if its run is current, also if it became current in this moment; the manifest then stays.
   */
  delete(ref: string, options?: ManifestCallOptions): Promise<boolean>
}

/** The part of a manifest store that readers need. */
export type ManifestSource = Pick<ManifestStore, 'loadCurrent' | 'loadManifest' | 'listManifests'>

import type { Manifest } from '../manifest/manifest.js'

/** A published manifest: its ref, its run, and its time of publication. */
export interface ManifestRef {
  /** Names the manifest in its catalog; a full URL for manifests in object storage. */
  readonly ref: string
  /** Id of the run. */
  readonly runId: string
  /**
   * Timestamp text. Compare it (or `publishedMicros`), never a `Date`, which has milliseconds only.
   */
  readonly publishedAt: string
  /** Time of publication, microseconds since 1970. */
  readonly publishedMicros: bigint
}

/** Options of a call of a manifest store. */
export interface ManifestCallOptions {
  /** Ends the call with the reason of the signal. */
  readonly signal?: AbortSignal | undefined
}

/** Options of a publication. */
export interface PublishCallOptions extends ManifestCallOptions {
  /**
   * The ref that must be current until this call has made its manifest current. A store that can
   * compare and move the pointer in one step does so; others compare right before it.
   */
  readonly expectedCurrent?: string | undefined
}

/**
 * Publishes and finds manifests; implement it to bring your own.
 *
 * Errors: SHARD_MANIFEST for unusable content, SHARD_NOT_FOUND for a missing manifest, SHARD_STORE
 * from the storage; an aborted signal's own reason. Source: wire-format §7.3.
 */
export interface ManifestStore {
  /**
   * Stores the manifest, then makes it current.
   *
   * Errors: SHARD_PUBLISH, retryable, with peer PublishManifestError. If only the second step
   * failed, peer PublishCurrentError with `details.manifestRef`; then `setCurrent` is enough. If
   * another manifest than `expectedCurrent` is current, `details.conflict` is true, and nothing is left.
   */
  publish(manifest: Manifest, options?: PublishCallOptions): Promise<ManifestRef>
  /**
   * Returns the manifest that readers open, and its time of publication; `undefined` if nothing was
   * published yet.
   */
  loadCurrent(options?: ManifestCallOptions): Promise<ManifestRef | undefined>
  /** Reads a manifest. Errors: SHARD_NOT_FOUND, SHARD_MANIFEST. */
  loadManifest(ref: string, options?: ManifestCallOptions): Promise<Manifest>
  /**
   * Lists the newest `limit` manifests (10 by default), in order of publication, newest first, whether
   * or not they were made current.
   */
  listManifests(limit?: number, options?: ManifestCallOptions): Promise<ManifestRef[]>
  /** Makes a published manifest current again, as in a rollback. */
  setCurrent(ref: string, options?: PublishCallOptions): Promise<ManifestRef>
  /**
   * Removes a published manifest; returns false if it does not exist.
   *
   * Errors: SHARD_BUSY if its run is current, even if it became current during the call; the
   * manifest then stays.
   */
  delete(ref: string, options?: ManifestCallOptions): Promise<boolean>
}

/** The part of a manifest store that readers need. */
export type ManifestSource = Pick<ManifestStore, 'loadCurrent' | 'loadManifest' | 'listManifests'>

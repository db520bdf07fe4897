import { ShardyfusionError } from '../errors.js'
import type { ObjectStore } from '../objects/object-store.js'
import { describeValue } from '../options.js'
import { describeUrl } from '../util/describe-url.js'
import {
  CURRENT_POINTER_CONTENT_TYPE,
  CURRENT_POINTER_FORMAT_VERSION,
  decodeCurrentPointer,
  encodeCurrentPointer,
  MAX_CURRENT_POINTER_BYTES,
} from './current-pointer.js'
import {
  decodeManifest,
  encodeManifest,
  parseDecodeLimits,
  type DecodeLimits,
} from './manifest-codec.js'
import {
  currentPointerUrl,
  manifestDir,
  manifestsUrl,
  manifestUrl,
  parseManifestDir,
  runIdFromRef,
} from './manifest-layout.js'
import type { ManifestCallOptions, ManifestRef, ManifestStore } from './manifest-store.js'
import { MANIFEST_CONTENT_TYPE, type Manifest } from './manifest.js'
import { formatTextTimestamp, nowMicros, parseTimestamp } from '../util/timestamps.js'

const DEFAULT_LIST_LIMIT = 10

/**
 * Manifests as objects below a snapshot's prefix, with `_CURRENT` naming the one in force.
 *
 * Source: wire-format §7.3; peer `S3ManifestStore`.
 */
export class ObjectManifestStore implements ManifestStore {
  readonly #objects: ObjectStore
  readonly #prefix: string
  readonly #limits: { readonly maxBytes: number; readonly maxShards: number }

  /** `limits` bound what a stored manifest may ask of this process. */
  constructor(objects: ObjectStore, prefix: string, limits?: DecodeLimits) {
    this.#objects = objects
    this.#prefix = prefix
    this.#limits = parseDecodeLimits(limits, 'ObjectManifestStore')
  }

  async publish(manifest: Manifest, options: ManifestCallOptions = {}): Promise<ManifestRef> {
    const bytes = await encodeManifest(manifest)
    options.signal?.throwIfAborted()
    const dir = manifestDir(nowMicros(), manifest.runId)
    if (parseManifestDir(dir)?.runId !== manifest.runId) {
      throw new ShardyfusionError(
        'SHARD_INVALID_OPTION',
        `ObjectManifestStore.publish: runId must be one path segment, got ${describeValue(manifest.runId)}`,
        { details: { peer: 'ConfigValidationError' } },
      )
    }
    const ref = manifestUrl(this.#prefix, dir)
    try {
      await this.#objects.put(ref, bytes, {
        contentType: MANIFEST_CONTENT_TYPE,
        signal: options.signal,
      })
    } catch (cause) {
      options.signal?.throwIfAborted()
      throw new ShardyfusionError(
        'SHARD_PUBLISH',
        `ObjectManifestStore.publish: the manifest of run ${manifest.runId} could not be written; publish again`,
        {
          retryable: true,
          details: { peer: 'PublishManifestError', runId: manifest.runId },
          cause,
        },
      )
    }
    return this.#putPointer(ref, manifest.runId, 'publish', options)
  }

  async loadCurrent(options: ManifestCallOptions = {}): Promise<ManifestRef | undefined> {
    const url = currentPointerUrl(this.#prefix)
    const bytes = await this.#get(url, MAX_CURRENT_POINTER_BYTES, options)
    if (bytes === undefined) return undefined
    const pointer = decodeCurrentPointer(bytes, `ObjectManifestStore.loadCurrent: ${url}`)
    return manifestRef(pointer.manifestRef, pointer.runId, pointer.updatedAt)
  }

  async loadManifest(ref: string, options: ManifestCallOptions = {}): Promise<Manifest> {
    const where = 'ObjectManifestStore.loadManifest'
    if (!this.#serves(ref)) throw manifestNotFound(ref, where)
    const bytes = await this.#get(ref, this.#limits.maxBytes, options)
    if (bytes === undefined) throw manifestNotFound(ref, where)
    const manifest = await decodeManifest(bytes, `${where}: ${describeUrl(ref)}`, this.#limits)
    options.signal?.throwIfAborted()
    return manifest
  }

  async listManifests(
    limit = DEFAULT_LIST_LIMIT,
    options: ManifestCallOptions = {},
  ): Promise<ManifestRef[]> {
    if (!Number.isSafeInteger(limit) || limit < 1) {
      throw new ShardyfusionError(
        'SHARD_INVALID_OPTION',
        `ObjectManifestStore.listManifests: limit must be an integer of 1 or more (manifests), got ${describeValue(limit)}`,
        { details: { peer: 'ValueError' } },
      )
    }
    const urls = await this.#objects.listPrefixes(manifestsUrl(this.#prefix), options)
    const refs = urls.flatMap((url) => {
      const dir = url.replace(/\/+$/, '').split('/').pop()!
      const parsed = parseManifestDir(dir)
      return parsed === undefined ? [] : [{ ref: manifestUrl(this.#prefix, dir), ...parsed }]
    })
    // Stable, so that those of one microsecond stay in order of name.
    refs.sort((a, b) =>
      a.publishedMicros === b.publishedMicros ? 0 : a.publishedMicros < b.publishedMicros ? 1 : -1,
    )
    return refs.slice(0, limit)
  }

  async setCurrent(ref: string, options: ManifestCallOptions = {}): Promise<ManifestRef> {
    const where = 'ObjectManifestStore.setCurrent'
    const runId = runIdFromRef(ref)
    if (runId === undefined || !this.#serves(ref)) {
      throw new ShardyfusionError(
        'SHARD_INVALID_OPTION',
        `${where}: ref must be a full URL that names its run (${this.#objects.scheme}://…_run_id=<id>/manifest), ` +
          `got ${describeValue(ref)}; take it from listManifests()`,
        { details: { peer: 'ValueError' } },
      )
    }
    // A pointer at nothing would stop every reader.
    if ((await this.#objects.head(ref, options)) === undefined) throw manifestNotFound(ref, where)
    return this.#putPointer(ref, runId, 'setCurrent', options)
  }

  async #putPointer(
    ref: string,
    runId: string,
    method: string,
    { signal }: ManifestCallOptions,
  ): Promise<ManifestRef> {
    const updatedAt = formatTextTimestamp(nowMicros())
    const bytes = encodeCurrentPointer({
      manifestRef: ref,
      manifestContentType: MANIFEST_CONTENT_TYPE,
      runId,
      updatedAt,
      formatVersion: CURRENT_POINTER_FORMAT_VERSION,
    })
    try {
      await this.#objects.put(currentPointerUrl(this.#prefix), bytes, {
        contentType: CURRENT_POINTER_CONTENT_TYPE,
        signal,
      })
    } catch (cause) {
      signal?.throwIfAborted()
      throw new ShardyfusionError(
        'SHARD_PUBLISH',
        `ObjectManifestStore.${method}: the pointer to ${ref} could not be written; call setCurrent() with that ref`,
        { retryable: true, details: { peer: 'PublishCurrentError', manifestRef: ref }, cause },
      )
    }
    return manifestRef(ref, runId, updatedAt)
  }

  /** One byte more than allowed is enough to see that an object is too large; it is never held whole. */
  #get(
    url: string,
    maxBytes: number,
    { signal }: ManifestCallOptions,
  ): Promise<Uint8Array | undefined> {
    return this.#objects.get(url, { range: { start: 0, end: maxBytes + 1 }, signal })
  }

  /** Relative refs and those of other stores name nothing here. */
  #serves(ref: string): boolean {
    return ref.startsWith(`${this.#objects.scheme}://`)
  }
}

function manifestRef(ref: string, runId: string, publishedAt: string): ManifestRef {
  return { ref, runId, publishedAt, publishedMicros: parseTimestamp(publishedAt) }
}

function manifestNotFound(ref: string, where: string): ShardyfusionError {
  return new ShardyfusionError(
    'SHARD_NOT_FOUND',
    `${where}: there is no manifest ${describeUrl(ref)}`,
    {
      details: { manifestRef: ref },
    },
  )
}

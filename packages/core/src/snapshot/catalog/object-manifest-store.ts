import { isShardyfusionError, type ShardyfusionError } from '../../errors.js'
import {
  busy,
  invalidOption,
  notFound,
  publishError,
  storeError,
} from '../../errors/error-factories.js'
import type { ObjectStore } from '../../store/object-store.js'
import { describeValue } from '../../options/describe-value.js'
import { describeUrl } from '../../text/describe-url.js'
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
} from '../manifest/manifest-codec.js'
import {
  currentPointerUrl,
  manifestDir,
  manifestsUrl,
  manifestUrl,
  parseManifestDir,
  runIdFromRef,
} from '../manifest-names.js'
import type {
  ManifestCallOptions,
  ManifestRef,
  ManifestStore,
  PublishCallOptions,
} from './manifest-store.js'
import { isPublishConflict, PublicationGuard, publishConflict } from './publication-guard.js'
import { MANIFEST_CONTENT_TYPE, type Manifest } from '../manifest/manifest.js'
import { formatTextTimestamp, nowMicros, parseTimestamp } from '../../text/timestamps.js'

const DEFAULT_LIST_LIMIT = 10
/** How far ahead of this clock a snapshot's date may be to be followed: 366 days. */
const MAX_LEAD_MICROS = 366n * 24n * 3600n * 1_000_000n

/**
 * Stores manifests as objects below a snapshot's prefix; `_CURRENT` names the current one.
 *
 * Their names sort in the order of publication. Two concurrent publications do not see each other:
 * they are listed by their clocks, or by run id if the clocks agree, and the later pointer is the
 * current one.
 *
 * Source: wire-format §7.3; peer `S3ManifestStore`.
 */
export class ObjectManifestStore implements ManifestStore {
  readonly #objects: ObjectStore
  readonly #prefix: string
  readonly #limits: { readonly maxBytes: number; readonly maxShards: number }

  /** `limits` bound the resources that decoding a stored manifest may take. */
  constructor(objects: ObjectStore, prefix: string, limits?: DecodeLimits) {
    this.#objects = objects
    this.#prefix = prefix
    this.#limits = parseDecodeLimits(limits, 'ObjectManifestStore')
  }

  async publish(manifest: Manifest, options: PublishCallOptions = {}): Promise<ManifestRef> {
    const bytes = await encodeManifest(manifest)
    options.signal?.throwIfAborted()
    if (parseManifestDir(manifestDir(0n, manifest.runId))?.runId !== manifest.runId) {
      throw invalidOption(
        'ObjectManifestStore.publish',
        `runId must be one path segment, got ${describeValue(manifest.runId)}`,
      )
    }
    const { expectedCurrent } = options
    const unlisted = (cause: unknown): never => {
      options.signal?.throwIfAborted()
      if (isPublishConflict(cause)) throw cause
      throw unpublished(manifest, 'the snapshots before it could not be listed', cause)
    }
    const guard =
      expectedCurrent === undefined
        ? undefined
        : await PublicationGuard.begin(this, expectedCurrent, options).catch(unlisted)
    const micros = await this.#nextMicros(options).catch(unlisted)
    const ref = manifestUrl(this.#prefix, manifestDir(micros, manifest.runId))
    try {
      await this.#objects.put(ref, bytes, {
        contentType: MANIFEST_CONTENT_TYPE,
        signal: options.signal,
      })
    } catch (cause) {
      options.signal?.throwIfAborted()
      throw unpublished(manifest, 'its manifest could not be written', cause)
    }
    try {
      await guard?.requireAlone(ref, options)
    } catch (error) {
      await this.#objects.delete(ref)
      throw error
    }
    return this.#putPointer(ref, manifest.runId, 'publish', micros + 1n, options)
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
      throw invalidOption(
        'ObjectManifestStore.listManifests',
        `limit must be an integer of 1 or more (manifests), got ${describeValue(limit)}`,
        { peer: 'ValueError' },
      )
    }
    const urls = await this.#objects.listPrefixes(manifestsUrl(this.#prefix), options)
    const refs = urls.flatMap((url) => {
      const dir = url.replace(/\/+$/, '').split('/').pop()!
      const parsed = parseManifestDir(dir)
      return parsed === undefined ? [] : [{ ref: manifestUrl(this.#prefix, dir), ...parsed }]
    })
    // A stable sort: manifests of the same microsecond stay in order of name.
    refs.sort((a, b) =>
      a.publishedMicros === b.publishedMicros ? 0 : a.publishedMicros < b.publishedMicros ? 1 : -1,
    )
    return refs.slice(0, limit)
  }

  async setCurrent(ref: string, options: PublishCallOptions = {}): Promise<ManifestRef> {
    const where = 'ObjectManifestStore.setCurrent'
    const { expectedCurrent } = options
    const runId = runIdFromRef(ref)
    if (runId === undefined || !this.#serves(ref)) {
      throw invalidOption(
        where,
        `ref must be a full URL that names its run (${this.#objects.scheme}://…_run_id=<id>/manifest), ` +
          `got ${describeValue(ref)}; take it from listManifests()`,
        { peer: 'ValueError' },
      )
    }
    // A pointer to a missing manifest would stop every reader.
    if ((await this.#objects.head(ref, options)) === undefined) throw manifestNotFound(ref, where)
    const micros = await this.#nextMicros(options)
    if (expectedCurrent !== undefined) {
      const current = await this.loadCurrent(options)
      // The failed attempt may have moved it.
      if (current?.ref !== expectedCurrent && current?.ref !== ref)
        throw publishConflict(where, expectedCurrent, current?.ref)
    }
    return this.#putPointer(ref, runId, 'setCurrent', micros, options)
  }

  async delete(ref: string, options: ManifestCallOptions = {}): Promise<boolean> {
    const where = 'ObjectManifestStore.delete'
    const runId = runIdFromRef(ref)
    if (runId === undefined || !this.#serves(ref)) return false
    if ((await this.loadCurrent(options))?.runId === runId) throw isCurrent(runId, where)
    const bytes = await this.#objects.get(ref, options)
    if (bytes === undefined) return false
    await this.#objects.delete(ref, options)
    if ((await this.loadCurrent())?.runId !== runId) return true
    // A writer that leaves no notes, such as the Python project, moved the pointer during the call.
    try {
      await this.#objects.put(ref, bytes, { contentType: MANIFEST_CONTENT_TYPE })
    } catch (cause) {
      throw storeError(
        where,
        `run ${runId} became current while its manifest was being removed, and ${describeUrl(ref)} could not ` +
          'be put back; its data is all there: roll back to another run, and publish',
        { cause },
      )
    }
    throw isCurrent(runId, where)
  }

  async #putPointer(
    ref: string,
    runId: string,
    method: string,
    notBefore: bigint,
    { signal }: ManifestCallOptions,
  ): Promise<ManifestRef> {
    const now = nowMicros()
    const updatedAt = formatTextTimestamp(now > notBefore ? now : notBefore)
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
      throw publishError(
        `ObjectManifestStore.${method}`,
        `the pointer to ${ref} could not be written; call setCurrent() with that ref`,
        { peer: 'PublishCurrentError', retryable: true, cause, details: { manifestRef: ref } },
      )
    }
    return manifestRef(ref, runId, updatedAt)
  }

  /**
   * Returns the time of the next publication: now or, if the clock is behind, just after the newest
   * one by name or pointer.
   *
   * So names sort in the order of publication, for the Python project as well, even if a clock was
   * set back or two machines differ. A name too far ahead is not a real time of publication;
   * following it would give all later ones such dates.
   */
  async #nextMicros(options: ManifestCallOptions): Promise<bigint> {
    const [[newest], current] = await Promise.all([
      this.listManifests(1, options),
      this.loadCurrent(options).catch((error: unknown) => {
        // Publishing is how a broken pointer is replaced.
        if (isShardyfusionError(error) && error.code === 'SHARD_MANIFEST') return undefined
        throw error
      }),
    ])
    let next = nowMicros()
    const limit = next + MAX_LEAD_MICROS
    for (const ref of [newest, current]) {
      if (ref === undefined || ref.publishedMicros > limit) continue
      if (ref.publishedMicros >= next) next = ref.publishedMicros + 1n
    }
    return next
  }

  /** One byte more than allowed shows that an object is too large; it is never read whole. */
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

function unpublished(manifest: Manifest, problem: string, cause: unknown): ShardyfusionError {
  return publishError(
    'ObjectManifestStore.publish',
    `run ${manifest.runId} is not published: ${problem}; publish again`,
    { retryable: true, details: { runId: manifest.runId }, cause },
  )
}

function manifestRef(ref: string, runId: string, publishedAt: string): ManifestRef {
  return { ref, runId, publishedAt, publishedMicros: parseTimestamp(publishedAt) }
}

function manifestNotFound(ref: string, where: string): ShardyfusionError {
  return notFound(where, `the manifest ${describeUrl(ref)} does not exist`, {
    peer: null,
    details: { manifestRef: ref },
  })
}

function isCurrent(runId: string, where: string): ShardyfusionError {
  return busy(where, `run ${JSON.stringify(runId)} is current, and its manifest stays`, {
    retryable: true,
    details: { runId },
  })
}

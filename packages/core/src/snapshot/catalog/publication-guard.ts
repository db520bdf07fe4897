import { isShardyfusionError, type ShardyfusionError } from '../../errors.js'
import { publishError } from '../../errors/error-factories.js'
import { describeUrl } from '../../text/describe-url.js'
import { delay } from '../../async/delay.js'
import type { ManifestCallOptions, ManifestRef, ManifestSource } from './manifest-store.js'

/** How often, and after which delay, a publication looks again for a later one that has to give way. */
const GIVE_WAY_WAITS = 100
const GIVE_WAY_MS = 100

const WHERE = 'ObjectManifestStore.publish'

/**
 * Guards the publication of a manifest whose `expectedCurrent` must stay current until the pointer
 * moves, where the store of the pointer cannot compare and write in one step.
 */
export class PublicationGuard {
  readonly #manifests: Pick<ManifestSource, 'loadCurrent' | 'listManifests'>
  readonly #expected: string
  readonly #known: ReadonlySet<string>

  private constructor(
    manifests: Pick<ManifestSource, 'loadCurrent' | 'listManifests'>,
    expected: string,
    known: ReadonlySet<string>,
  ) {
    this.#manifests = manifests
    this.#expected = expected
    this.#known = known
  }

  /** Begins before the manifest is stored. Errors: SHARD_PUBLISH with `details.conflict`. */
  static async begin(
    manifests: Pick<ManifestSource, 'loadCurrent' | 'listManifests'>,
    expected: string,
    options: ManifestCallOptions,
  ): Promise<PublicationGuard> {
    const { refs, current } = await published(manifests, options)
    if (current?.ref !== expected) throw publishConflict(WHERE, expected, current?.ref)
    return new PublicationGuard(manifests, expected, new Set(refs))
  }

  /**
   * Refuses to move the pointer if another publication has begun since.
   *
   * Each stores its manifest first and then looks for another, so at least one of two sees the other.
   * The later one gives way; the earlier one waits until it has, or has moved the pointer. Errors:
   * SHARD_PUBLISH with `details.conflict`.
   */
  async requireAlone(own: string, options: ManifestCallOptions): Promise<void> {
    for (let waits = 0; ; waits++) {
      const { refs, current } = await published(this.#manifests, options)
      if (current?.ref !== this.#expected)
        throw publishConflict(WHERE, this.#expected, current?.ref)
      const others = refs.filter((ref) => ref !== own && !this.#known.has(ref))
      if (others.length === 0) return
      // Names sort in the order of publication.
      const earlier = others.find((ref) => ref < own)
      if (earlier !== undefined || waits === GIVE_WAY_WAITS)
        throw publishConflict(WHERE, this.#expected, earlier ?? others[0])
      await delay(GIVE_WAY_MS, options.signal)
    }
  }
}

async function published(
  manifests: Pick<ManifestSource, 'loadCurrent' | 'listManifests'>,
  options: ManifestCallOptions,
): Promise<{ readonly refs: string[]; readonly current: ManifestRef | undefined }> {
  const [listed, current] = await Promise.all([
    manifests.listManifests(Number.MAX_SAFE_INTEGER, options),
    manifests.loadCurrent(options),
  ])
  return { refs: listed.map(({ ref }) => ref), current }
}

/** The error of a publication whose `expectedCurrent` is not current: `details.conflict` is true. */
export function publishConflict(
  where: string,
  expected: string,
  current: string | undefined,
): ShardyfusionError {
  const found = current === undefined ? 'no manifest' : describeUrl(current)
  return publishError(
    where,
    `${describeUrl(expected)} was expected to be current, but ${found} is; nothing was published`,
    { peer: null, details: { conflict: true, expectedCurrent: expected, current } },
  )
}

/** Returns true for the error of `publishConflict`, also of a catalog of the caller. */
export function isPublishConflict(error: unknown): boolean {
  return isShardyfusionError(error) && error.details['conflict'] === true
}

// A catalog of Maps, with names that are no URLs: what a table of a database would hold.
import type {
  Catalog,
  Manifest,
  ManifestCallOptions,
  ManifestStore,
  PublishCallOptions,
  RunRef,
  RunRegistry,
} from '@shardyfusion/core/extend'
import type { ManifestRef, RunRecord } from '@shardyfusion/core/maintain'
import { ShardyfusionError } from '@shardyfusion/core'

/** A new catalog of this thread. */
export function memoryCatalog(): Catalog {
  return { manifests: new MemoryManifests(), runs: new MemoryRuns() }
}

let micros = 0n

/** Never the same twice, so that the order of publication is known. */
function now(): { at: string; micros: bigint } {
  const next = BigInt(Date.now()) * 1000n
  micros = next > micros ? next : micros + 1n
  const [seconds] = new Date(Number(micros / 1000n)).toISOString().split('.')
  return { at: `${seconds}.${String(micros % 1_000_000n).padStart(6, '0')}+00:00`, micros }
}

class MemoryManifests implements ManifestStore {
  readonly #published = new Map<string, { ref: ManifestRef; manifest: Manifest }>()
  #current: ManifestRef | undefined

  async publish(
    manifest: Manifest,
    { signal, expectedCurrent }: PublishCallOptions = {},
  ): Promise<ManifestRef> {
    signal?.throwIfAborted()
    this.#requireCurrent(expectedCurrent)
    const { at, micros: publishedMicros } = now()
    const name = `manifest ${this.#published.size} of ${manifest.runId}`
    const ref = { ref: name, runId: manifest.runId, publishedAt: at, publishedMicros }
    this.#published.set(name, { ref, manifest: structuredClone(manifest) })
    this.#current = ref
    return ref
  }

  async loadCurrent({ signal }: ManifestCallOptions = {}): Promise<ManifestRef | undefined> {
    signal?.throwIfAborted()
    return this.#current
  }

  async loadManifest(ref: string, { signal }: ManifestCallOptions = {}): Promise<Manifest> {
    signal?.throwIfAborted()
    return structuredClone(this.#find(ref).manifest)
  }

  async listManifests(limit = 10, { signal }: ManifestCallOptions = {}): Promise<ManifestRef[]> {
    signal?.throwIfAborted()
    if (!Number.isSafeInteger(limit) || limit < 1)
      throw new ShardyfusionError('SHARD_INVALID_OPTION', 'memory catalog: limit must be 1 or more')
    const refs = [...this.#published.values()].map(({ ref }) => ref)
    return refs.toReversed().slice(0, limit)
  }

  async setCurrent(
    ref: string,
    { signal, expectedCurrent }: PublishCallOptions = {},
  ): Promise<ManifestRef> {
    signal?.throwIfAborted()
    this.#requireCurrent(expectedCurrent)
    const found = this.#find(ref).ref
    const { at, micros: publishedMicros } = now()
    this.#current = { ...found, publishedAt: at, publishedMicros }
    return this.#current
  }

  async delete(ref: string, { signal }: ManifestCallOptions = {}): Promise<boolean> {
    signal?.throwIfAborted()
    const found = this.#published.get(ref)
    if (found === undefined) return false
    if (found.ref.runId === this.#current?.runId)
      throw new ShardyfusionError('SHARD_BUSY', `memory catalog: ${ref} is current`)
    return this.#published.delete(ref)
  }

  #requireCurrent(expected: string | undefined): void {
    if (expected === undefined || expected === this.#current?.ref) return
    throw new ShardyfusionError(
      'SHARD_PUBLISH',
      `memory catalog: ${expected} must be current, but it is ${this.#current?.ref}`,
      { details: { conflict: true } },
    )
  }

  #find(ref: string) {
    const found = this.#published.get(ref)
    if (found !== undefined) return found
    throw new ShardyfusionError('SHARD_NOT_FOUND', `memory catalog: there is no ${ref}`)
  }
}

class MemoryRuns implements RunRegistry {
  readonly #records = new Map<string, { ref: RunRef; record: RunRecord }>()
  #next = 0

  async create(record: RunRecord, { signal }: ManifestCallOptions = {}): Promise<string> {
    signal?.throwIfAborted()
    const { at, micros: createdMicros } = now()
    const name = `record ${this.#next++}`
    const ref = { ref: name, runId: record.runId, createdAt: at, createdMicros }
    this.#records.set(name, { ref, record: structuredClone(record) })
    return name
  }

  async update(ref: string, record: RunRecord): Promise<void> {
    this.#records.set(ref, { ...this.#find(ref), record: structuredClone(record) })
  }

  async load(ref: string): Promise<RunRecord> {
    return structuredClone(this.#find(ref).record)
  }

  async delete(ref: string): Promise<void> {
    this.#records.delete(ref)
  }

  async list({ signal }: ManifestCallOptions = {}): Promise<RunRef[]> {
    signal?.throwIfAborted()
    return [...this.#records.values()].map(({ ref }) => ref).toReversed()
  }

  #find(ref: string) {
    const found = this.#records.get(ref)
    if (found !== undefined) return found
    throw new ShardyfusionError('SHARD_NOT_FOUND', `memory catalog: there is no ${ref}`)
  }
}

import type { SnapshotReaderSync } from '@shardyfusion/sync'
import type { VectorReaderSync } from '@shardyfusion/sync/vector'
import type { ListedSnapshot } from '@shardyfusion/core/maintain'
import { cacheOptions, type OpenOptions, openOptions } from '../config/open-options.js'
import type { Parts } from '../config/parts.js'
import type { Settings } from '../config/settings.js'
import { Failure, UsageError } from '../util/usage-error.js'
import { findRun } from './find-run.js'
import type { LookupReader } from './lookup-reader.js'
import { isLibraryError } from '../util/describe-error.js'
import { type Library, loadMaintenance, loadVectorLibrary } from './library.js'

/** Maximum number of snapshots searched for a run. */
const MAX_LISTED = 1000

/** A reader of one snapshot at a chosen run. The REPL and scripts use one session for many commands. */
export class Session {
  readonly #settings: Settings
  readonly #parts: Parts
  readonly #library: Library | undefined
  /** The chosen run: an id, a unique prefix of one, `current~1`; `undefined` for the current run. */
  #run: string | undefined
  readonly #warn: (text: string) => void
  #reader: SnapshotReaderSync | undefined
  #lookups: LookupReader | undefined
  #vectors: VectorReaderSync | undefined

  /** `warn` receives warnings about a snapshot that is readable but degraded. */
  constructor(
    settings: Settings,
    parts: Parts,
    library: Library | undefined,
    run: string | undefined,
    warn: (text: string) => void,
  ) {
    this.#settings = settings
    this.#parts = parts
    this.#warn = warn
    this.#library = library
    this.#run = run
  }

  /** The library, which is loaded before the command runs, unless its spec is `offline` or `inThread`. */
  get library(): Library {
    if (this.#library === undefined)
      throw new Error('the spec of this command is `offline` or `inThread`')
    return this.#library
  }

  /** Options for calls that open engines. Errors: UsageError without a prefix. */
  get options(): OpenOptions {
    return openOptions(this.#settings, this.#parts)
  }

  /** Options for calls that only access the store. Errors: UsageError without a prefix. */
  get storage(): Omit<OpenOptions, 'engine'> {
    const { prefix, catalog, envFile, s3 } = this.options
    return { prefix, catalog, envFile, s3 }
  }

  /** The reader of this session. Errors: those of `SnapshotReaderSync.open`; UsageError for an unknown run. */
  async reader(): Promise<SnapshotReaderSync> {
    this.#reader ??= await this.open(this.#run)
    return this.#reader
  }

  /** A reader for lookups: the reader of this session, or one in this thread for a command that ends soon. */
  async lookupReader(): Promise<LookupReader> {
    if (this.#library !== undefined) return this.reader()
    if (this.#lookups !== undefined) return this.#lookups
    const { openLookupReader } = await import('./lookup-reader.js')
    const { timeoutMs, ...options } = await this.#readerOptions(this.#run)
    this.#lookups = await openLookupReader(options, timeoutMs)
    this.#warnOfFallback(this.#lookups)
    return this.#lookups
  }

  /** Opens a separate reader, which the caller closes. */
  async open(run: string | undefined): Promise<SnapshotReaderSync> {
    const reader = this.library.SnapshotReaderSync.open(await this.#readerOptions(run))
    this.#warnOfFallback(reader)
    return reader
  }

  async #readerOptions(run: string | undefined) {
    const pinned = run === undefined ? {} : { manifestRef: (await this.find(run)).ref }
    return {
      ...this.options,
      ...pinned,
      timeoutMs: this.#settings.integer('timeout-ms'),
      cache: cacheOptions(this.#settings),
      shardUrls: this.#settings.text('shard-urls') as 'below' | 'any' | 'rebase' | undefined,
    }
  }

  /**
   * The reader of vectors of this session: a snapshot of keys and vectors, or one of vectors alone.
   *
   * Errors: those of `SnapshotReaderSync.open` and `VectorReaderSync.open`.
   */
  async searcher(): Promise<SnapshotReaderSync | VectorReaderSync> {
    if (this.#vectors !== undefined) return this.#vectors
    try {
      return await this.reader()
    } catch (error) {
      if (!isVectorOnly(error)) throw error
      const { VectorReaderSync } = await loadVectorLibrary()
      this.#vectors = VectorReaderSync.open(await this.#readerOptions(this.#run))
      return this.#vectors
    }
  }

  /**
   * Finds a published snapshot by an id, a unique prefix of one, or `current~1`.
   *
   * Errors: UsageError if none matches; Failure if nothing is published.
   */
  async find(run: string): Promise<ListedSnapshot> {
    const listed = await this.history(MAX_LISTED)
    if (listed.length > 0) return findRun(listed, run)
    throw new Failure(
      `nothing is published below ${this.storage.prefix}; publish a snapshot there first, or check the prefix`,
    )
  }

  /** The pinned run; `undefined` for the current run. */
  async pinned(): Promise<ListedSnapshot | undefined> {
    return this.#run === undefined ? undefined : this.find(this.#run)
  }

  /** Lists published snapshots, newest first. `checkData` also checks whether their data exists. */
  async history(limit: number, { checkData = false } = {}): Promise<ListedSnapshot[]> {
    const { listSnapshots } = await loadMaintenance()
    return listSnapshots({ ...this.storage, limit, checkData })
  }

  /** Switches to another run, or to the current one. Closes the old reader after the new one is open. */
  async use(run: string | undefined): Promise<void> {
    const next = await this.open(run)
    await this.close()
    this.#reader = next
    this.#run = run
  }

  /** Moves to the current run and unpins a pinned one. Returns false if nothing changed. */
  async refresh(): Promise<boolean> {
    const reader = await this.reader()
    if (this.#run === undefined) {
      const moved = reader.refresh()
      this.#warnOfFallback(reader)
      return moved
    }
    const before = reader.info().manifestRef
    await this.use(undefined)
    return (await this.reader()).info().manifestRef !== before
  }

  /** Rejects `--run` for commands that change the published state and would ignore it. Errors: UsageError. */
  requireCurrent(command: string): void {
    if (this.#run === undefined) return
    throw new UsageError(`${command}: --run is for commands that read, got --run ${this.#run}`)
  }

  #warnOfFallback(reader: Pick<LookupReader, 'info' | 'health'>): void {
    if (reader.info().fellBack) this.#warn(reader.health().reason!)
  }

  async close(): Promise<void> {
    this.#vectors?.close()
    this.#vectors = undefined
    this.#reader?.close()
    await this.#lookups?.close()
    this.#reader = this.#lookups = undefined
  }
}

/** A snapshot of vectors without keys, which has another reader. */
function isVectorOnly(error: unknown): boolean {
  return isLibraryError(error) && error.details['vectorOnly'] === true
}

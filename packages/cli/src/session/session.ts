import type { SnapshotReaderSync } from '@shardyfusion/sync'
import type { ListedSnapshot } from '@shardyfusion/core/maintain'
import { type OpenOptions, openOptions } from '../config/open-options.js'
import type { Parts } from '../config/parts.js'
import type { Settings } from '../config/settings.js'
import { UsageError } from '../util/usage-error.js'
import { findRun } from './find-run.js'
import { type Library, loadMaintenance } from './library.js'

/** Snapshots looked through for a run. */
const MAX_LISTED = 1000

/** A reader of one snapshot, and the run it is to be on; the REPL and scripts keep one for many commands. */
export class Session {
  readonly #settings: Settings
  readonly #parts: Parts
  readonly #library: Library | undefined
  /** What was asked for: an id, its beginning, `current~1`; `undefined` for the current run. */
  #run: string | undefined
  readonly #warn: (text: string) => void
  #reader: SnapshotReaderSync | undefined

  /** `warn` gets what is unusual about the snapshot, though it can be read. */
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

  /** The library, which is loaded before the command runs unless its spec says it does without. */
  get library(): Library {
    if (this.#library === undefined) throw new Error('the spec of this command says `offline`')
    return this.#library
  }

  /** What everything that opens engines takes. Errors: UsageError without a prefix. */
  get options(): OpenOptions {
    return openOptions(this.#settings, this.#parts)
  }

  /** What everything takes that looks at the store alone. Errors: UsageError without a prefix. */
  get storage(): Omit<OpenOptions, 'engine'> {
    const { prefix, catalog, envFile, s3 } = this.options
    return { prefix, catalog, envFile, s3 }
  }

  /** The reader of this session. Errors: those of `SnapshotReaderSync.open`; UsageError for a run that is not there. */
  async reader(): Promise<SnapshotReaderSync> {
    this.#reader ??= await this.open(this.#run)
    return this.#reader
  }

  /** A reader of its own, which the caller closes. */
  async open(run: string | undefined): Promise<SnapshotReaderSync> {
    const pinned = run === undefined ? {} : { manifestRef: (await this.find(run)).ref }
    const reader = this.library.SnapshotReaderSync.open({
      ...this.options,
      ...pinned,
      timeoutMs: this.#settings.integer('timeout-ms'),
      shardUrls: this.#settings.text('shard-urls') as 'below' | 'any' | 'rebase' | undefined,
    })
    this.#warnOfFallback(reader)
    return reader
  }

  /** The published snapshot that is meant by an id, the beginning of one, or `current~1`. Errors: UsageError. */
  async find(run: string): Promise<ListedSnapshot> {
    return findRun(await this.history(MAX_LISTED), run)
  }

  /** The run that was asked for; `undefined` for what is current. */
  async pinned(): Promise<ListedSnapshot | undefined> {
    return this.#run === undefined ? undefined : this.find(this.#run)
  }

  /** What is published, newest first; with `checkData`, and whether its data is there. */
  async history(limit: number, { checkData = false } = {}): Promise<ListedSnapshot[]> {
    const { listSnapshots } = await loadMaintenance()
    return listSnapshots({ ...this.storage, limit, checkData })
  }

  /** Reads another run from now on, or what is current. What was open stays until the other one is. */
  async use(run: string | undefined): Promise<void> {
    const next = await this.open(run)
    this.#reader?.close()
    this.#reader = next
    this.#run = run
  }

  /** Moves to what is current now; false if nothing has changed. A run that was pinned is let go. */
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

  /** For work that changes what is published: a pinned run would be ignored there. Errors: UsageError. */
  requireCurrent(command: string): void {
    if (this.#run === undefined) return
    throw new UsageError(`${command}: --run is for commands that read, got --run ${this.#run}`)
  }

  #warnOfFallback(reader: SnapshotReaderSync): void {
    if (reader.info().fellBack) this.#warn(reader.health().reason!)
  }

  close(): void {
    this.#reader?.close()
    this.#reader = undefined
  }
}

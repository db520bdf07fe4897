import type { SnapshotReaderSync } from '@shardyfusion/sync'
import type { ListedSnapshot } from '@shardyfusion/core'
import { type OpenOptions, openOptions } from '../config/open-options.js'
import type { Settings } from '../config/settings.js'
import { UsageError } from '../util/usage-error.js'
import { findRun } from './find-run.js'
import type { Library } from './library.js'

/** Snapshots looked through for a run. */
const MAX_LISTED = 1000

/** A reader of one snapshot, and the run it is to be on; the REPL and scripts keep one for many commands. */
export class Session {
  readonly #settings: Settings
  readonly #library: Library | undefined
  /** What was asked for: an id, its beginning, `current~1`; `undefined` for the current run. */
  #run: string | undefined
  #reader: SnapshotReaderSync | undefined

  constructor(settings: Settings, library: Library | undefined, run: string | undefined) {
    this.#settings = settings
    this.#library = library
    this.#run = run
  }

  /** The library, which is loaded before the command runs unless its spec says it does without. */
  get library(): Library {
    if (this.#library === undefined) throw new Error('the spec of this command says `offline`')
    return this.#library
  }

  /** What calls of the library below the prefix take. Errors: UsageError without a prefix. */
  get options(): OpenOptions {
    return openOptions(this.#settings)
  }

  /** Opened when it is first asked for. Errors: those of `SnapshotReaderSync.open`. */
  get reader(): SnapshotReaderSync {
    this.#reader ??= this.open(this.#run)
    return this.#reader
  }

  get isPinned(): boolean {
    return this.#run !== undefined
  }

  /** A reader of its own, which the caller closes. */
  open(run: string | undefined): SnapshotReaderSync {
    const pinned = run === undefined ? {} : { manifestRef: this.find(run).ref }
    return this.library.SnapshotReaderSync.open({
      ...this.options,
      ...pinned,
      timeoutMs: this.#settings.integer('timeout-ms'),
      shardUrls: this.#settings.text('shard-urls') as 'below' | 'any' | 'rebase' | undefined,
    })
  }

  /** The published snapshot that is meant by an id, the beginning of one, or `current~1`. Errors: UsageError. */
  find(run: string): ListedSnapshot {
    return findRun(this.history(MAX_LISTED), run)
  }

  /** What is published, newest first. */
  history(limit: number): ListedSnapshot[] {
    const { prefix, envFile, s3 } = this.options
    return this.library.listSnapshotsSync({ prefix, envFile, s3, limit })
  }

  /** Reads another run from now on, or what is current. What was open stays until the other one is. */
  use(run: string | undefined): void {
    const next = this.open(run)
    this.#reader?.close()
    this.#reader = next
    this.#run = run
  }

  /** Moves to what is current now; false if nothing has changed. A run that was pinned is let go. */
  refresh(): boolean {
    if (this.#run === undefined) return this.reader.refresh()
    const before = this.#reader?.info().manifestRef
    this.use(undefined)
    return this.reader.info().manifestRef !== before
  }

  /** For work that changes what is published: a pinned run would be ignored there. Errors: UsageError. */
  requireCurrent(command: string): void {
    if (this.#run === undefined) return
    throw new UsageError(`${command}: --run is for commands that read, got --run ${this.#run}`)
  }

  close(): void {
    this.#reader?.close()
    this.#reader = undefined
  }
}

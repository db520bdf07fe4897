import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { homeFolder } from '../util/home-folder.js'

const MAX_LINES = 1000

/** The history of earlier sessions. Read and write errors are ignored. */
export class HistoryFile {
  /** `undefined` if the user has no home folder. */
  readonly #path: string | undefined

  constructor(env: Readonly<Record<string, string | undefined>>) {
    const home = homeFolder()
    const state = env['XDG_STATE_HOME'] || (home && join(home, '.local', 'state'))
    this.#path = state ? join(state, 'shardy', 'history') : undefined
  }

  /** Loads the lines, newest first, as `readline` orders them. */
  load(): string[] {
    if (this.#path === undefined) return []
    try {
      return readFileSync(this.#path, 'utf8').split('\n').filter(Boolean).toReversed()
    } catch {
      return []
    }
  }

  /** Saves lines, newest first. Only the user can read the file, because keys may be personal data. */
  save(lines: readonly string[]): void {
    if (this.#path === undefined) return
    try {
      mkdirSync(dirname(this.#path), { recursive: true, mode: 0o700 })
      const saved = lines.slice(0, MAX_LINES).toReversed()
      writeFileSync(this.#path, saved.map((line) => `${line}\n`).join(''), { mode: 0o600 })
    } catch {
      // The history is optional; a write error must not fail the session.
    }
  }
}

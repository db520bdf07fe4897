import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'

const MAX_LINES = 1000

/** Lines typed in earlier sessions; what cannot be read or written is done without. */
export class HistoryFile {
  readonly #path: string

  constructor(env: Readonly<Record<string, string | undefined>>) {
    const state = env['XDG_STATE_HOME'] || join(homedir(), '.local', 'state')
    this.#path = join(state, 'shardy', 'history')
  }

  /** Newest first, as `readline` keeps them. */
  load(): string[] {
    try {
      return readFileSync(this.#path, 'utf8').split('\n').filter(Boolean).toReversed()
    } catch {
      return []
    }
  }

  /** Takes them newest first. Only the user may read the file: keys may be personal data. */
  save(lines: readonly string[]): void {
    try {
      mkdirSync(dirname(this.#path), { recursive: true, mode: 0o700 })
      const kept = lines.slice(0, MAX_LINES).toReversed()
      writeFileSync(this.#path, kept.map((line) => `${line}\n`).join(''), { mode: 0o600 })
    } catch {
      // A session without history is better than one that fails at its end.
    }
  }
}

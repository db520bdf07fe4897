import { spawn, type IPty } from '@lydell/node-pty'
import type { TestContext } from 'node:test'
import { BIN, cleanEnvironment } from './shardy.js'

/** Time limit of every wait, also on a busy machine. */
const TIMEOUT_MS = 60_000

/** The command on a pseudo-terminal. */
export class Pty {
  /** Everything the command has written, including escapes. */
  output = ''
  readonly #pty: IPty
  readonly #exit: Promise<{ code: number; signal: number | undefined }>
  #changed: () => void = () => {}
  #ended = false

  constructor(
    t: TestContext,
    args: readonly string[],
    {
      env = {},
      cwd,
      columns = 100,
    }: { env?: Record<string, string>; cwd?: string; columns?: number } = {},
  ) {
    this.#pty = spawn(process.execPath, [BIN, ...args], {
      cols: columns,
      rows: 30,
      name: 'xterm-256color',
      cwd,
      env: cleanEnvironment(env),
    })
    this.#pty.onData((data) => {
      this.output += data
      this.#changed()
    })
    this.#exit = new Promise((resolve) => {
      this.#pty.onExit(({ exitCode, signal }) => {
        this.#ended = true
        this.#changed()
        resolve({ code: exitCode, signal })
      })
    })
    t.after(() => {
      if (!this.#ended) this.#pty.kill('SIGKILL')
    })
  }

  /** The output without escapes. */
  get text(): string {
    return this.output.replace(/\u001B\[[0-9;?]*[A-Za-z]/g, '')
  }

  type(keys: string): void {
    this.#pty.write(keys)
  }

  /** Resolves when the text written since `from` matches; rejects if the command ends before. */
  async shows(sought: RegExp, from = 0): Promise<RegExpExecArray> {
    const deadline = Date.now() + TIMEOUT_MS
    for (;;) {
      const match = sought.exec(this.text.slice(from))
      if (match !== null) return match
      if (this.#ended || Date.now() > deadline)
        throw new Error(`expected ${sought} on the terminal, got:\n${this.text.slice(from)}`)
      await this.#next()
    }
  }

  async exit(): Promise<{ code: number; signal: number | undefined }> {
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(
        () =>
          reject(
            new Error(`expected the command to end, got after ${TIMEOUT_MS} ms:\n${this.text}`),
          ),
        TIMEOUT_MS,
      )
    })
    try {
      return await Promise.race([this.#exit, late])
    } finally {
      clearTimeout(timer)
    }
  }

  #next(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, 1000)
      this.#changed = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }
}

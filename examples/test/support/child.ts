import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { once } from 'node:events'
import type { TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'

/** Why tests that send signals are left out, where that ends a process at once. */
export const NO_SIGNALS = process.platform === 'win32' && 'Windows has no signals to handle'

/** A program in a process of its own, killed when the test ends if it has not ended itself. */
export class Child {
  readonly process: ChildProcessWithoutNullStreams
  stdout = ''
  stderr = ''
  readonly #ended: Promise<unknown[]>

  constructor(
    t: TestContext,
    program: string,
    args: readonly string[],
    options: { cwd?: string; env?: Record<string, string> } = {},
  ) {
    const script = fileURLToPath(new URL(`../../dist/${program}.js`, import.meta.url))
    // Paths of the test are to be taken as they are, whatever folder npm was started in.
    const { INIT_CWD: _, ...env } = process.env
    this.process = spawn(process.execPath, [script, ...args], {
      cwd: options.cwd,
      env: { ...env, ...options.env },
    })
    this.process.stdout.setEncoding('utf8').on('data', (text: string) => (this.stdout += text))
    this.process.stderr.setEncoding('utf8').on('data', (text: string) => (this.stderr += text))
    this.#ended = once(this.process, 'close')
    t.after(() => this.process.kill('SIGKILL'))
  }

  /** Resolves when the output contains what is sought; fails when the program ends before. */
  async prints(stream: 'stdout' | 'stderr', sought: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const match = sought.exec(this[stream])
      if (match !== null) return match
      const more = once(this.process[stream], 'data').then(() => true)
      const goesOn = await Promise.race([more, this.#ended.then(() => false)])
      if (!goesOn && !sought.test(this[stream]))
        throw new Error(`expected ${sought} on ${stream}, got:\n${this.stdout}\n${this.stderr}`)
    }
  }

  /** The exit code; -1 when a signal ended it. */
  async exitCode(): Promise<number> {
    const [code] = await this.#ended
    return (code as number | null) ?? -1
  }
}

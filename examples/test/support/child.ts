import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { once } from 'node:events'
import type { TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'

/** The reason to skip tests with signals, on platforms where a signal ends a process immediately. */
export const NO_SIGNALS = process.platform === 'win32' && 'Windows has no signals to handle'

/** A program in a child process, which is killed when the test ends if it is still running. */
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
    // Without INIT_CWD, paths are resolved from the folder of the test.
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

  /** Resolves when the output contains the text; rejects if the program ends before. */
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

  /** The exit code; -1 if a signal ended the program. */
  async exitCode(): Promise<number> {
    const [code] = await this.#ended
    return (code as number | null) ?? -1
  }
}

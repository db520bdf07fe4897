import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import type { TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { ChildBuild, ChildReport } from '../build/build-child.js'

const CHILD = fileURLToPath(new URL('../build/build-child.js', import.meta.url))

/** A process of its own that builds snapshots; killed at the end of the test, if not before. */
export class BuildProcess {
  readonly #child: ChildProcess
  readonly #ended: Promise<unknown>
  #waiting: { kinds: readonly string[]; resolve: (report: ChildReport | undefined) => void }[] = []

  private constructor(child: ChildProcess) {
    this.#child = child
    this.#ended = once(child, 'exit')
    child.on('message', (message) => {
      const report = message as ChildReport
      const due = this.#waiting.filter(({ kinds }) => kinds.includes(report.kind))
      this.#waiting = this.#waiting.filter((waiter) => !due.includes(waiter))
      for (const { resolve } of due) resolve(report)
    })
    child.on('exit', () => {
      for (const { resolve } of this.#waiting.splice(0)) resolve(undefined)
    })
  }

  static async start(t: TestContext): Promise<BuildProcess> {
    const started = new BuildProcess(fork(CHILD))
    t.after(() => started.kill())
    await started.next('ready')
    return started
  }

  /** The next report of one of these kinds; `undefined` if the process ends first. */
  next(...kinds: ChildReport['kind'][]): Promise<ChildReport | undefined> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null)
      return Promise.resolve(undefined)
    return new Promise((resolve) => this.#waiting.push({ kinds, resolve }))
  }

  /** Begins a build; what becomes of it is reported as `published` or `failed`. */
  build(job: ChildBuild): Promise<ChildReport | undefined> {
    const outcome = this.next('published', 'failed')
    this.#child.send(job)
    return outcome
  }

  /** Ends the process as a power failure would. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL')
    await this.#ended
  }
}

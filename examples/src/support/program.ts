import { realpathSync } from 'node:fs'
import type { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { isShardyfusionError } from '@shardyfusion/core'

/** The output of a program. The properties of a terminal are optional, so that tests can pass any stream. */
export interface Output {
  write(text: string): unknown
  readonly isTTY?: boolean
  readonly columns?: number
  hasColors?(): boolean
}

/** The environment of a program. */
export interface Surroundings {
  readonly stdin: Readable
  readonly stdout: Output
  readonly stderr: Output
  /** Aborted by Ctrl-C, SIGTERM, the end of the terminal, and a closed output pipe. */
  readonly signal: AbortSignal
}

export type Main = (args: readonly string[], surroundings: Surroundings) => Promise<void>

/** An expected failure. The user needs only its message. */
export class Failure extends Error {
  readonly exitCode: number

  constructor(message: string, options: ErrorOptions & { exitCode?: number } = {}) {
    super(message, options)
    this.exitCode = options.exitCode ?? 1
  }
}

/** The command line was invalid. */
export function usageFailure(problem: string, usage: string): Failure {
  return new Failure(`${problem}\n\n${usage}`, { exitCode: 2 })
}

const SIGNALS = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const

/** Runs `main` if Node was started with its module. An error becomes the exit code. */
export async function runIfMain(moduleUrl: string, main: Main): Promise<void> {
  const [, script] = process.argv
  // Node resolves symbolic links in import.meta.url, but not in argv.
  if (script === undefined || realpathSync(script) !== fileURLToPath(moduleUrl)) return

  const controller = new AbortController()
  let codeWhenAborted = 1
  const stop = (reason: string, exitCode: number): void => {
    codeWhenAborted = exitCode
    controller.abort(new Failure(reason, { exitCode }))
  }
  for (const [name, exitCode] of Object.entries(SIGNALS)) {
    // Listen once: a second Ctrl-C ends a program that does not react to the first.
    process.once(name, () => stop(`stopped by ${name}`, exitCode))
  }
  // A closed pipe or terminal: stop and clean up.
  for (const output of [process.stdout, process.stderr])
    output.on('error', () => stop('the reader of the output has closed the pipe', 141))
  const { stdin, stdout, stderr } = process
  try {
    await main(process.argv.slice(2), { stdin, stdout, stderr, signal: controller.signal })
  } catch (error) {
    stderr.write(`${describeFailure(error)}\n`)
    process.exitCode = controller.signal.aborted ? codeWhenAborted : exitCodeOf(error)
  }
}

function exitCodeOf(error: unknown): number {
  return error instanceof Failure ? error.exitCode : 1
}

function describeFailure(error: unknown): string {
  if (error instanceof Failure) return error.message
  if (isShardyfusionError(error)) return `${error.code} ${error.message}`
  // An unexpected error is a bug: print the stack.
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}

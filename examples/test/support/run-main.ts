import { Readable } from 'node:stream'
import type { Main, Output } from '#dist/support/program.js'

/** An output that collects its text. */
export class Captured implements Output {
  readonly writes: string[] = []

  write(text: string): void {
    this.writes.push(text)
  }

  get text(): string {
    return this.writes.join('')
  }
}

/** Runs a program in this process; `outcome` settles like the program. */
export function runMain(
  main: Main,
  args: readonly string[],
  options: { stdin?: Readable; signal?: AbortSignal } = {},
): { stdout: Captured; stderr: Captured; outcome: Promise<void> } {
  const { stdin = Readable.from([]), signal = new AbortController().signal } = options
  const stdout = new Captured()
  const stderr = new Captured()
  return { stdout, stderr, outcome: main(args, { stdin, stdout, stderr, signal }) }
}

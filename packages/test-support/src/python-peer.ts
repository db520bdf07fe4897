import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { pythonWith } from './python-with.js'

const IS_REQUIRED = process.env['SHARDYFUSION_REQUIRE_PYTHON'] === '1'

/** A module of Python that tests compare with. */
export interface PythonPeer {
  /** The reason to skip tests, or false. With SHARDYFUSION_REQUIRE_PYTHON=1 they fail instead. */
  readonly skip: string | false
  /** Runs a script, whose path comes first, and returns what it prints. */
  run(args: readonly string[], input?: string): string
  /** Runs a script that answers each line of JSON with one. */
  ask<Answer>(script: string, questions: readonly unknown[]): Answer[]
}

export function pythonPeer(module: string): PythonPeer {
  const python = pythonWith(module)
  const run = (args: readonly string[], input?: string): string => {
    const { status, signal, stdout, stderr, error } = spawnSync(python ?? 'python3', args, {
      ...(input !== undefined && { input }),
      encoding: 'utf8',
      timeout: 120_000,
      maxBuffer: 1 << 28,
    })
    if (status === 0) return stdout
    throw new Error(`${args[0]} ended with ${status ?? signal}:\n${stderr}`, { cause: error })
  }
  return {
    skip: python === undefined && !IS_REQUIRED ? howToInstall(module) : false,
    run,
    ask: <Answer>(script: string, questions: readonly unknown[]) =>
      run([script], questions.map((question) => JSON.stringify(question)).join('\n'))
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as Answer),
  }
}

/** Registers tests that need a module of Python; without it, one test of this name is skipped or fails. */
export function withPythonPeer(
  module: string,
  name: string,
  register: (peer: PythonPeer) => void,
): void {
  if (pythonWith(module) !== undefined) return register(pythonPeer(module))
  test(name, { skip: IS_REQUIRED ? false : howToInstall(module) }, () => {
    throw new Error(howToInstall(module))
  })
}

function howToInstall(module: string): string {
  return `needs ${module} for Python: run \`npm run setup:s3\` once, which installs it into .venv`
}

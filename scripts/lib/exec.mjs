import { spawnSync } from 'node:child_process'
import { ROOT } from './paths.mjs'

/** An expected failure: its message is all the user needs to see, no stack. */
export class Stop extends Error {}

/**
 * Runs a Node script on this terminal and returns its exit code. Tools start this way instead of
 * through `npx` or `pnpm run`: there is no shell, Windows behaves the same, and nothing is installed.
 *
 * @param {readonly string[]} args script and arguments
 * @param {{ env?: Record<string, string> }} [options] `env` is added to the environment
 */
export function runNode(args, { env = {} } = {}) {
  const child = spawnSync(process.execPath, args, {
    cwd: ROOT,
    env: { ...process.env, ...env },
    stdio: 'inherit',
  })
  return exitCode(child)
}

/**
 * Runs a program and captures its output, for steps that print only when they fail.
 *
 * @param {string} command
 * @param {readonly string[]} args words and paths of ours, no user's: on Windows a shell reads them
 * @param {{ cwd?: string, env?: Record<string, string> }} [options]
 */
export function capture(command, args, { cwd = ROOT, env = {} } = {}) {
  // npx, npm and pnpm are .cmd files on Windows, which Node starts only through a shell.
  const shell = process.platform === 'win32' && command !== process.execPath
  const line = [command, ...args.map((arg) => (arg.includes(' ') ? `"${arg}"` : arg))].join(' ')
  const child = spawnSync(shell ? line : command, shell ? [] : args, {
    cwd,
    env: { ...process.env, ...env },
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
    shell,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  return { code: exitCode(child), stdout: child.stdout ?? '', stderr: child.stderr ?? '' }
}

/** @param {import('node:child_process').SpawnSyncReturns<unknown>} child */
function exitCode(child) {
  // 127 is the shell's code for a program that could not be started.
  if (child.error !== undefined) return 127
  return child.status ?? 1
}

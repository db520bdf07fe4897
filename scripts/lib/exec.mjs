import { spawnSync } from 'node:child_process'
import { ROOT } from './paths.mjs'

/** An expected failure. The user needs only its message, no stack. */
export class Stop extends Error {}

/**
 * Runs a Node script on this terminal and returns its exit code. Unlike `npx` or `pnpm run`, this uses no shell, works
 * the same on Windows, and installs nothing.
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
 * Runs a program and captures its output, for steps that print only if they fail.
 *
 * @param {string} command
 * @param {readonly string[]} args words and paths of ours, no user's: on Windows a shell reads them
 * @param {{ cwd?: string, env?: Record<string, string> }} [options]
 */
export function capture(command, args, { cwd = ROOT, env = {} } = {}) {
  // On Windows, npx, npm and pnpm are .cmd files, which Node can start only through a shell.
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
  // Shells use 127 for a program that could not be started.
  if (child.error !== undefined) return 127
  return child.status ?? 1
}

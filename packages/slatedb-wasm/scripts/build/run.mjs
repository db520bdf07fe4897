import { spawnSync } from 'node:child_process'

/**
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv, capture?: boolean }} [options]
 */
export function run(command, args, { cwd, env, capture = false } = {}) {
  const { status, error, stdout } = spawnSync(command, args, {
    cwd,
    env,
    encoding: 'utf8',
    maxBuffer: 1 << 28,
    stdio: ['ignore', capture ? 'pipe' : 'inherit', 'inherit'],
  })
  if (error !== undefined) fail(`${command} cannot be run: ${error.message}`)
  if (status !== 0) fail(`${command} ${args[0]} failed`)
  return stdout ?? ''
}

/**
 * @param {string} message
 * @returns {never}
 */
export function fail(message) {
  console.error(`slatedb-wasm build: ${message}`)
  process.exit(1)
}

/**
 * The output of a command, or nothing if it cannot be run or fails.
 *
 * @param {string} command
 * @param {readonly string[]} args
 */
export function probe(command, args) {
  const { status, stdout } = spawnSync(command, args, { encoding: 'utf8' })
  return status === 0 ? stdout.trim() : undefined
}

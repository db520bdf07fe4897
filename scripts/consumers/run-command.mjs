import { spawn } from 'node:child_process'

/** A command that failed, with the end of its output. */
export class CommandFailure extends Error {
  /** @param {string} problem @param {string} output */
  constructor(problem, output) {
    super(problem)
    this.output = output
  }
}

const KEPT_CHARACTERS = 64 * 1024

/** Programs that are running, in process groups that Ctrl-C does not reach. @type {Set<number>} */
const running = new Set()
process.once('exit', () => {
  for (const pid of running) killGroup(pid)
})

/**
 * Kills a program with its children if the matrix is interrupted before it ends.
 *
 * @param {import('node:child_process').ChildProcess} child
 */
export function endWithMatrix(child) {
  const { pid } = child
  if (pid === undefined) return
  running.add(pid)
  child.once('close', () => running.delete(pid))
}

/**
 * Runs a program to its end and returns its output, both streams in one text.
 *
 * A program that has not ended in time is killed with all its children: nothing of the matrix may hang.
 * Errors: CommandFailure.
 *
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{ cwd: string, env?: Record<string, string | undefined>, timeoutSeconds?: number, input?: string, uid?: number }} options
 * @returns {Promise<string>}
 */
export function runCommand(command, args, { cwd, env = {}, timeoutSeconds = 60, input = '', uid }) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd,
      env: { ...process.env, ...QUIET, ...env },
      // Its own group, so that its children end with it.
      detached: process.platform !== 'win32',
      ...(uid !== undefined && { uid, gid: 0 }),
    })
    endWithMatrix(child)
    let output = ''
    const add = (/** @type {string} */ text) => {
      output = (output + text).slice(-KEPT_CHARACTERS)
    }
    child.stdout.setEncoding('utf8').on('data', add)
    child.stderr.setEncoding('utf8').on('data', add)
    child.stdin.on('error', () => {})
    child.stdin.end(input)
    const name = [command.split('/').at(-1), ...args].join(' ').slice(0, 120)
    const timer = setTimeout(() => {
      killGroup(child.pid)
      reject(new CommandFailure(`${name}: did not end within ${timeoutSeconds} s`, output))
    }, timeoutSeconds * 1000)
    child.once('error', (error) => {
      clearTimeout(timer)
      reject(new CommandFailure(`${name}: ${error.message}`, output))
    })
    child.once('close', (code, signal) => {
      clearTimeout(timer)
      if (code === 0) resolve(output)
      else
        reject(new CommandFailure(`${name}: ended with ${signal ?? `exit code ${code}`}`, output))
    })
  })
}

/** No news, no telemetry, no colours in the output of tools. */
export const QUIET = {
  CI: 'true',
  NO_COLOR: '1',
  FORCE_COLOR: undefined,
  NODE_OPTIONS: undefined,
  NODE_NO_WARNINGS: '1',
  NODE_TEST_CONTEXT: undefined,
  NEXT_TELEMETRY_DISABLED: '1',
  DENO_NO_UPDATE_CHECK: '1',
  DO_NOT_TRACK: '1',
  YARN_ENABLE_TELEMETRY: '0',
  npm_config_update_notifier: 'false',
}

/** Kills a process that `runCommand` or a cell has started, with its children. @param {number | undefined} pid */
export function killGroup(pid) {
  if (pid === undefined) return
  try {
    process.kill(process.platform === 'win32' ? pid : -pid, 'SIGKILL')
  } catch {
    // It has ended.
  }
}

import { spawn } from 'node:child_process'
import { CommandFailure, endWithMatrix, killGroup, QUIET } from './run-command.mjs'

/**
 * Starts a program that serves until it is killed, and waits for the line that names its address.
 *
 * Errors: CommandFailure if it ends or prints no such line in time.
 *
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{ cwd: string, env?: Record<string, string | undefined>, ready: RegExp, timeoutSeconds?: number }} options
 * @returns {Promise<{ found: RegExpExecArray, output: () => string, close: () => Promise<void> }>}
 */
export function startServer(command, args, { cwd, env = {}, ready, timeoutSeconds = 60 }) {
  const child = spawn(command, args, {
    cwd,
    env: { ...process.env, ...QUIET, ...env },
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  endWithMatrix(child)
  const closed = new Promise((resolve) => child.once('close', resolve))
  const close = async () => {
    killGroup(child.pid)
    await closed
  }
  let output = ''
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      const problem = `${command}: printed no address within ${timeoutSeconds} s`
      void close().then(() => reject(new CommandFailure(problem, output)))
    }, timeoutSeconds * 1000)
    const add = (/** @type {string} */ text) => {
      output += text
      const found = ready.exec(output)
      if (found === null) return
      clearTimeout(timer)
      resolve({ found, output: () => output, close })
    }
    child.stdout.setEncoding('utf8').on('data', add)
    child.stderr.setEncoding('utf8').on('data', add)
    child.once('error', (error) => {
      clearTimeout(timer)
      reject(new CommandFailure(`${command}: ${error.message}`, output))
    })
    child.once('close', (code) => {
      clearTimeout(timer)
      reject(new CommandFailure(`${command}: ended with exit code ${code}`, output))
    })
  })
}

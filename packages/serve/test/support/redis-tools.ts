import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { promisify } from 'node:util'
import { connect, createServer, type AddressInfo } from 'node:net'

const run = promisify(execFile)
const LIMIT_MS = 60_000

/**
 * Returns the path of a program of Debian's packages redis-tools and redis-server; skips the test
 * without it.
 *
 * With `SHARDYFUSION_REQUIRE_REDIS=1`, a missing program is an error.
 */
export function redisProgram(t: TestContext, name: string): string | undefined {
  const folders = (process.env['PATH'] ?? '').split(':')
  const found = folders.map((folder) => join(folder, name)).find((path) => existsSync(path))
  if (found !== undefined) return found
  if (process.env['SHARDYFUSION_REQUIRE_REDIS'] === '1')
    throw new Error(`SHARDYFUSION_REQUIRE_REDIS=1: ${name} is not installed`)
  t.skip(`${name} is not installed (Debian: redis-tools, redis-server)`)
  return undefined
}

/** Runs a program to its end and returns its output. */
export async function output(program: string, args: readonly string[]): Promise<string> {
  const { stdout } = await run(program, args, { timeout: LIMIT_MS, maxBuffer: 2 ** 26 })
  return stdout
}

/** Starts Redis without files on a free port until the test ends, and returns the port. */
export async function startRedis(t: TestContext, program: string): Promise<number> {
  const free = createServer().listen(0, '127.0.0.1')
  await once(free, 'listening')
  const { port } = free.address() as AddressInfo
  free.close()
  await once(free, 'close')
  const args = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no']
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  t.after(() => child.kill('SIGKILL'))
  child.stdout.setEncoding('utf8')
  let text = ''
  for await (const part of child.stdout) {
    text += String(part)
    if (text.includes('Ready to accept connections')) break
  }
  const probe = connect(port, '127.0.0.1')
  await once(probe, 'connect')
  probe.destroy()
  return port
}

import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process'
import { once } from 'node:events'
import type { TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'

/** The compiled command. */
export const BIN = fileURLToPath(new URL('../../dist/bin.js', import.meta.url))

/** An environment without the settings of the machine that runs the tests. */
export function cleanEnvironment(more: Record<string, string> = {}): Record<string, string> {
  const kept = Object.entries(process.env).filter(
    ([name, value]) =>
      value !== undefined && !/^(SHARDY|AWS|S3|NO_COLOR|FORCE_COLOR|XDG)/.test(name),
  ) as [string, string][]
  return { ...Object.fromEntries(kept), XDG_CONFIG_HOME: '/nonexistent', ...more }
}

export interface RunOptions {
  readonly stdin?: string | Uint8Array
  readonly env?: Record<string, string>
  readonly cwd?: string
}

export interface Ran {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Runs the command to its end, without a terminal; `stdin` is empty by default. */
export async function shardy(args: readonly string[], options: RunOptions = {}): Promise<Ran> {
  const { code, stdout, stderr } = await shardyBytes(args, options)
  return { code, stdout: stdout.toString(), stderr }
}

/** The same with stdout as bytes. */
export async function shardyBytes(
  args: readonly string[],
  { stdin = '', env = {}, cwd }: RunOptions = {},
): Promise<{ code: number | null; stdout: Buffer; stderr: string }> {
  const child = spawn(process.execPath, [BIN, ...args], { cwd, env: cleanEnvironment(env) })
  const out: Buffer[] = []
  const err: Buffer[] = []
  child.stdout.on('data', (data: Buffer) => out.push(data))
  child.stderr.on('data', (data: Buffer) => err.push(data))
  // A command may exit before it has read all of stdin.
  child.stdin.on('error', () => {})
  child.stdin.end(stdin)
  const [code] = (await once(child, 'close')) as [number | null]
  return { code, stdout: Buffer.concat(out), stderr: Buffer.concat(err).toString() }
}

/** Starts the command and returns the process. It is killed when the test ends. */
export function startShardy(
  t: TestContext,
  args: readonly string[],
  { env = {}, cwd }: Omit<RunOptions, 'stdin'> = {},
): ChildProcessWithoutNullStreams {
  const child = spawn(process.execPath, [BIN, ...args], { cwd, env: cleanEnvironment(env) })
  t.after(() => child.kill('SIGKILL'))
  return child
}

/** Parses NDJSON. */
export function ndjson(text: string): Record<string, unknown>[] {
  return text
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Record<string, unknown>)
}

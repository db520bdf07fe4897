import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'

export interface Ended {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

export interface RunOptions {
  readonly args?: readonly string[]
  readonly nodeArgs?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  /** Told what the script prints, as it comes. */
  readonly onStdout?: (text: string, child: { kill(signal: NodeJS.Signals): boolean }) => void
}

/** Far more than any script here takes; what takes longer hangs, and ends by SIGKILL. */
const LIMIT_MS = 60_000

/** Runs a script in a process of its own until it ends. */
export function runScript(script: URL, options: RunOptions = {}): Promise<Ended> {
  const file = fileURLToPath(script)
  const child = spawn(
    process.execPath,
    [...(options.nodeArgs ?? []), file, ...(options.args ?? [])],
    {
      env: { ...process.env, NODE_TEST_CONTEXT: undefined, ...options.env },
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: LIMIT_MS,
      killSignal: 'SIGKILL',
    },
  )
  let stdout = ''
  let stderr = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text
    options.onStdout?.(stdout, child)
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text))
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code, signal) => resolve({ code, signal, stdout, stderr }))
  })
}

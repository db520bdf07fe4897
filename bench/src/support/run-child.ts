import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** Runs a script of this folder in a separate process and returns the JSON it prints. */
export async function runChild<T>(name: string, ...args: string[]): Promise<T> {
  const script = fileURLToPath(new URL(`./${name}.js`, import.meta.url))
  const { stdout } = await run(process.execPath, ['--expose-gc', script, ...args], {
    maxBuffer: 1 << 26,
  })
  return JSON.parse(stdout) as T
}

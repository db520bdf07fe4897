import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { SITE } from './places.js'

const TIMEOUT_MS = 300_000
const COLORS = /\u001B\[[0-9;?]*[A-Za-z]/g

/**
 * Runs VitePress on the staged pages.
 *
 * @returns the warnings it printed
 */
export async function renderPages(): Promise<string[]> {
  const vitepress = join(
    dirname(createRequire(import.meta.url).resolve('vitepress/package.json')),
    'bin/vitepress.js',
  )
  const child = spawn(process.execPath, [vitepress, 'build', SITE], {
    cwd: SITE,
    env: { ...process.env, NO_COLOR: '1', CI: 'true' },
    stdio: ['ignore', 'pipe', 'pipe'],
    signal: AbortSignal.timeout(TIMEOUT_MS),
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => (output += text))
  }
  const [code] = (await once(child, 'close')) as [number | null]
  const lines = output.replaceAll(COLORS, '').split('\n')
  if (code !== 0) return [`vitepress ended with code ${code}:`, ...lines]
  return lines.filter((line) => /warn|deprecat|\(!\)|error/i.test(line))
}

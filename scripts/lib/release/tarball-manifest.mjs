import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { Stop } from '../exec.mjs'

const BLOCK = 512

/**
 * The package.json of a packed package. Reads the tar format directly (POSIX ustar), which needs no program on Windows.
 *
 * @param {string} file
 * @returns {{ name: string, version: string, dependencies?: Record<string, string> }}
 */
export function tarballManifest(file) {
  const bytes = gunzipSync(readFileSync(file))
  for (let at = 0; at + BLOCK <= bytes.length;) {
    const name = bytes.toString('utf8', at, at + 100).replace(/\0.*$/s, '')
    const size = Number.parseInt(bytes.toString('latin1', at + 124, at + 136), 8) || 0
    const start = at + BLOCK
    if (name === 'package/package.json')
      return JSON.parse(bytes.toString('utf8', start, start + size))
    at = start + Math.ceil(size / BLOCK) * BLOCK
  }
  throw new Stop(`release: ${file} contains no package/package.json`)
}

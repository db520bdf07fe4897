import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { HTML, ROOT, SETTINGS_SCHEMA, SITE } from './places.js'
import { PAGES } from './site-map.js'

/** The hash of the inputs of the site that was built. */
export const STAMP = join(HTML, '.built-from')

/** Whether the built site has the pages, sources and settings of now. */
export function isUpToDate(): boolean {
  return existsSync(STAMP) && readFileSync(STAMP, 'utf8') === inputHash()
}

/** A hash of everything the site is built from, and of its base address. */
export function inputHash(): string {
  const hash = createHash('sha256').update(process.env['SITE_BASE'] ?? '/')
  const files = [
    ...PAGES.map(({ from }) => join(ROOT, from)),
    ...['pages', 'src', 'playground', '.vitepress'].flatMap((name) => filesBelow(join(SITE, name))),
    ...filesBelow(join(ROOT, 'packages')).filter((file) => /\/src\/.*\.ts$/.test(file)),
    SETTINGS_SCHEMA,
    join(SITE, 'package.json'),
    join(ROOT, 'package.json'),
    join(ROOT, 'pnpm-lock.yaml'),
  ]
  for (const file of new Set(files)) hash.update(file.slice(ROOT.length)).update(readFileSync(file))
  return hash.digest('hex')
}

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter(({ name }) => !/^(?:node_modules|dist|dist-test|target|vendor|wasm)$/.test(name))
    .flatMap((entry) => {
      const path = join(folder, entry.name)
      return entry.isDirectory() ? filesBelow(path) : [path]
    })
    .sort()
}

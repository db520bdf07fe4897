import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The root of the repository. */
export const ROOT = fileURLToPath(new URL('../../..', import.meta.url)).replace(/[\\/]$/, '')
/** The folder of this package. */
export const SITE = join(ROOT, 'site')
/** The Markdown that VitePress reads: own pages, documents and the reference, in one folder. */
export const STAGED = join(SITE, 'dist/pages')
/** The finished site. */
export const HTML = join(SITE, 'dist/html')

/** The JSON schema of `shardy.toml`. */
export const SETTINGS_SCHEMA = join(ROOT, 'packages/cli/schema/shardy.schema.json')

/** The page of the repository, from package.json. */
export const REPOSITORY = repository()

function repository(): string {
  const { repository: found } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
    repository?: { url: string }
  }
  const url = found?.url ?? 'git+https://github.com/elkin/shardyfusion-ts.git'
  return url.replace(/^git\+/, '').replace(/\.git$/, '')
}

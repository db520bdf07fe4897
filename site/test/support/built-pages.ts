import { readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { HTML } from '#dist/places.js'

/** One page of the built site. */
export interface BuiltPage {
  /** Path from the root of the site, such as `storage/s3.html`. */
  readonly path: string
  readonly ids: ReadonlySet<string>
  /** Targets of its links, as they are written. */
  readonly links: readonly string[]
}

/** Reads all pages; those of the playground's data are not pages. */
export function builtPages(): BuiltPage[] {
  return readdirSync(HTML, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.html'))
    .map((entry) => {
      const file = join(entry.parentPath, entry.name)
      const html = readFileSync(file, 'utf8')
      return {
        path: relative(HTML, file),
        ids: new Set([...html.matchAll(/\sid="([^"]+)"/g)].map(([, id]) => decode(id!))),
        links: [...html.matchAll(/<a\s[^>]*?href="([^"]+)"/g)].map(([, href]) => decode(href!)),
      }
    })
}

function decode(text: string): string {
  return text.replaceAll('&amp;', '&').replaceAll('&quot;', '"').replaceAll('&#39;', "'")
}

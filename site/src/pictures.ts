import { copyFileSync, mkdirSync, readFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { ROOT, SITE, STAGED } from './places.js'
import { outsideOfCode } from './links.js'

/** A drawing of `site/pages/public/pictures`, alone on its line. */
const DRAWING = /^!\[([^\]]+)\]\(\/pictures\/([\w-]+\.svg)\)$/gm

/**
 * Puts the drawings into the page itself, because only there do they follow the light and dark mode of the page. The
 * style inside of a drawing is for README files; the theme has the same rules.
 */
export function inlineDrawings(markdown: string): string {
  return outsideOfCode(markdown, (text) =>
    text.replace(DRAWING, (_, label: string, name: string) => {
      const svg = readFileSync(join(SITE, 'pages/public/pictures', name), 'utf8')
      const drawing = svg
        .replace(/<\?xml[^>]*\?>/, '')
        .replace(/<style>[\s\S]*?<\/style>/, '')
        .replace(/<title>[\s\S]*?<\/title>/, '')
        .replace('<svg ', `<svg role="img" aria-label="${label.replaceAll('"', '&quot;')}" `)
      // An empty line would end the block of HTML.
      return `<figure class="drawing" tabindex="0" v-pre>${drawing.replaceAll(/\s*\n\s*/g, ' ').trim()}</figure>`
    }),
  )
}

/** A picture next to a document. */
const RELATIVE = /(!\[[^\]]*\]\()(?![a-z]+:|\/)([^)\s]+)/g

/** Copies the pictures of a document to those of the site. @param from the document, from the root of the repository */
export function importPictures(markdown: string, from: string): string {
  return outsideOfCode(markdown, (text) =>
    text.replace(RELATIVE, (_, head: string, target: string) => {
      const name = basename(target)
      const folder = join(STAGED, 'public/charts')
      mkdirSync(folder, { recursive: true })
      copyFileSync(join(ROOT, dirname(from), target), join(folder, name))
      return `${head}/charts/${name}`
    }),
  )
}

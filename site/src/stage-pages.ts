import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { rewriteLinks } from './links.js'
import { importPictures, inlineDrawings } from './pictures.js'
import { REPOSITORY, ROOT, SITE, STAGED } from './places.js'
import { PAGES, type Page } from './site-map.js'

/** Writes the Markdown of every page to the folder that VitePress reads. */
export function stagePages(): void {
  rmSync(STAGED, { recursive: true, force: true })
  cpSync(join(SITE, 'pages/public'), join(STAGED, 'public'), { recursive: true })
  for (const page of PAGES) {
    const file = join(STAGED, fileOf(page))
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, stagedText(page))
  }
}

/** The Markdown file of a page, from the folder of all pages. */
export function fileOf({ link }: Page): string {
  return `${link.endsWith('/') ? `${link}index` : link}.md`.slice(1)
}

/** Settings of a page at the beginning of its file. */
const FRONT = /^---\n([\s\S]*?\n)---\n([\s\S]*)$/

/** The Markdown of a page as VitePress reads it, with its title and description. */
function stagedText(page: Page): string {
  const { own, body } = contentOf(page)
  const front = [
    `title: ${JSON.stringify(page.title)}`,
    `description: ${JSON.stringify(page.about)}`,
    `editLink: ${JSON.stringify(`${REPOSITORY}/edit/main/${page.from}`)}`,
  ]
  return `---\n${front.join('\n')}\n${own}---\n${inlineDrawings(body)}`
}

/** The settings of a page, and its Markdown with the links of the site. */
export function contentOf(page: Page): { own: string; body: string } {
  const source = join(ROOT, page.from)
  if (!existsSync(source)) throw new Error(`site: the page ${page.link} has no file ${page.from}`)
  const text = readFileSync(source, 'utf8')
  const [, own = '', body = text] = FRONT.exec(text) ?? []
  return { own, body: rewriteLinks(importPictures(body, page.from), page.from) }
}

import { statSync } from 'node:fs'
import { join, posix } from 'node:path'
import { REPOSITORY, ROOT } from './places.js'
import { PAGES } from './site-map.js'

const LINK_OF = new Map(PAGES.map(({ from, link }) => [from, link]))

/** `](target)` of a link or a picture, and `[name]: target` of a definition. */
const TARGET = /(\]\(|^\[[^\]]+\]: )([^)\s]+)/gm

/**
 * Rewrites the relative links of a document for the site: to other pages where the file is one, else to the file in the
 * repository. Code blocks stay as they are.
 *
 * @param markdown the text of the document
 * @param from its path from the root of the repository
 */
export function rewriteLinks(markdown: string, from: string): string {
  return outsideOfCode(markdown, (text) =>
    text.replace(TARGET, (_, head: string, target: string) => head + rewriteTarget(target, from)),
  )
}

function rewriteTarget(target: string, from: string): string {
  if (/^(?:[a-z]+:|#|\/)/.test(target)) return target
  const [path = '', heading] = target.split('#')
  const file = posix.join(posix.dirname(from), path)
  const link = LINK_OF.get(file)
  const hash = heading === undefined ? '' : `#${heading}`
  if (link !== undefined) return link + hash
  return `${REPOSITORY}/${isFolder(file) ? 'tree' : 'blob'}/main/${file}${hash}`
}

function isFolder(file: string): boolean {
  return statSync(join(ROOT, file), { throwIfNoEntry: false })?.isDirectory() === true
}

/** Applies `change` to the text between fenced code blocks. */
export function outsideOfCode(markdown: string, change: (text: string) => string): string {
  // The odd pieces are the blocks.
  const pieces = markdown.split(/(^```[\s\S]*?^```[ \t]*$)/m)
  return pieces.map((piece, i) => (i % 2 === 1 ? piece : change(piece))).join('')
}

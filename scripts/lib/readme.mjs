import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Stop } from './exec.mjs'
import { filesBelow, fromRoot, ROOT } from './paths.mjs'
import { withConsumerTable } from '../consumers/table.mjs'

/** The texts with snippets of tested files. */
export const READMES = [
  'README.md',
  ...readdirSync(join(ROOT, 'packages')).map((name) => `packages/${name}/README.md`),
  ...sitePages(),
  ...documents(),
].filter((name) => existsSync(join(ROOT, name)))

/** The pages of the site, from the root. */
function sitePages() {
  return filesBelow(join(ROOT, 'site/pages'))
    .filter((file) => file.endsWith('.md'))
    .map(fromRoot)
}

/** The documents of the packages, which are pages of the site, too. */
function documents() {
  return readdirSync(join(ROOT, 'packages'))
    .map((name) => join(ROOT, 'packages', name, 'docs'))
    .filter((folder) => existsSync(folder))
    .flatMap((folder) => filesBelow(folder))
    .filter((file) => file.endsWith('.md'))
    .map(fromRoot)
}

// Matches <!-- from path#region -->, or without a region for a whole file, followed by the fenced block of it.
const SNIPPET = /(<!-- from ([^\s#]+)(?:#([\w-]+))? -->\n+```\w*\n)([\s\S]*?)(\n?```)/g

/** Rewrites the snippets of all texts and returns the exit code. */
export function updateReadmes() {
  for (const name of READMES) {
    const file = join(ROOT, name)
    const before = readFileSync(file, 'utf8')
    const after = withConsumerTable(withSnippets(before, readSource))
    if (after !== before) writeFileSync(file, after)
    console.log(`${name}: ${after === before ? 'up to date' : 'rewritten'}`)
  }
  return 0
}

/** The text of a file of the repository, for `withSnippets`. */
export function readSource(/** @type {string} */ path) {
  return readFileSync(join(ROOT, path), 'utf8')
}

/**
 * Replaces every marked block of a text with the region it names.
 *
 * @param {string} markdown
 * @param {(path: string) => string} read
 */
export function withSnippets(markdown, read) {
  return markdown.replace(SNIPPET, (_, head, path, region) => {
    const code = region === undefined ? read(path).trimEnd() : regionOf(read(path), region)
    if (code === '') throw new Stop(`readme: ${path} has no region "${region}"`)
    return `${head}${code}\n\`\`\``
  })
}

/**
 * The lines between `// #region name` and `// #endregion`, without common indentation.
 * A region may have several parts, such as the imports and a function body, which are joined by one empty line.
 *
 * @param {string} source
 * @param {string} name
 */
export function regionOf(source, name) {
  /** @type {string[][]} */
  const pieces = []
  let inside = false
  for (const line of source.split(/\r?\n/)) {
    const [, begin] = /^\s*\/\/ #region (\S+)$/.exec(line) ?? []
    if (begin === name) {
      inside = true
      pieces.push([])
    } else if (/^\s*\/\/ #endregion/.test(line)) inside = false
    else if (inside) pieces.at(-1)?.push(line)
  }
  return pieces.map(dedent).join('\n\n')
}

function dedent(/** @type {string[]} */ lines) {
  const indents = lines.filter((line) => line.trim() !== '').map((line) => line.search(/\S/))
  const indent = Math.min(...indents)
  const text = lines.map((line) => line.slice(indent)).join('\n')
  return text.replace(/^\n+|\n+$/g, '')
}

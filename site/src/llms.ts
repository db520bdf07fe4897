import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { ENTRY_POINTS } from './entry-points.js'
import { HTML, STAGED } from './places.js'
import { contentOf, fileOf } from './stage-pages.js'
import { SECTIONS } from './site-map.js'

const SUMMARY = [
  '# shardyfusion for TypeScript',
  '',
  '> Turns a table of keys and values into an immutable, sharded snapshot on object storage (S3 or a folder), publishes it',
  '> atomically, and looks keys up in it from Node, browsers and edge runtimes. The npm packages are @shardyfusion/core,',
  '> @shardyfusion/sync (the same without await) and @shardyfusion/cli (the command `shardy`), among others.',
  '',
]

/**
 * Writes `llms.txt`, a list of the pages with one sentence each, `llms-full.txt`, the text of all pages except the
 * reference, and next to each page its Markdown.
 */
export function writeTextsForModels(): void {
  const list = [...SUMMARY]
  const full = [...SUMMARY]
  for (const { title, pages } of SECTIONS) {
    list.push(`## ${title}`, '')
    for (const page of pages) {
      const file = fileOf(page)
      const { body } = contentOf(page)
      const text = /^# /m.test(body) ? body : `# ${page.title}\n\n${body}`
      write(file, text)
      list.push(`- [${page.title}](${file}): ${page.about}`)
      full.push(`<!-- ${page.link} -->`, '', text.trim(), '')
    }
    list.push('')
  }
  list.push('## Reference', '')
  for (const { name } of ENTRY_POINTS) {
    const file = `reference/${name}.md`
    write(file, readFileSync(join(STAGED, file), 'utf8'))
    list.push(`- [${name}](${file}): every public member of ${name}.`)
  }
  write('llms.txt', `${list.join('\n')}\n`)
  write('llms-full.txt', `${full.join('\n')}\n`)
}

function write(name: string, text: string): void {
  const file = join(HTML, name)
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, text)
}

import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import {
  serveFolder,
  type StaticServer,
} from '@shardyfusion/examples/dist/support/static-server.js'
import { buildSite } from '#dist/build-site.js'
import { ENTRY_POINTS } from '#dist/entry-points.js'
import { HTML, REPOSITORY, ROOT } from '#dist/places.js'
import { PAGES } from '#dist/site-map.js'
import { type BuiltPage, builtPages } from './support/built-pages.js'
import { checkAccessibility, checkPlayground, checkWeight } from './support/in-chromium.js'

describe('the site', () => {
  let pages: BuiltPage[]
  let server: StaticServer

  before(async () => {
    // Fails on members without a comment, dead links between pages, and warnings.
    await buildSite()
    pages = builtPages()
  })

  test('every page of the map is built, and every built page can be reached by links', () => {
    for (const { link } of PAGES) assert.ok(existsSync(join(HTML, pathOf(link))), link)
    const byPath = new Map(pages.map((page) => [page.path, page]))
    const reached = new Set(['index.html'])
    for (const path of reached) {
      for (const link of byPath.get(path)!.links) {
        const target = resolved(path, link)
        if (target !== undefined && byPath.has(target.path)) reached.add(target.path)
      }
    }
    const orphans = pages.map(({ path }) => path).filter((path) => !reached.has(path))
    assert.deepEqual(orphans, ['404.html'])
  })

  test('every link inside of the site leads to a page and a heading', () => {
    const byPath = new Map(pages.map((page) => [page.path, page]))
    const dead: string[] = []
    for (const { path, links } of pages) {
      for (const link of links) {
        const target = resolved(path, link)
        if (target === undefined) continue
        const { ids } = byPath.get(target.path) ?? {}
        const isThere = ids !== undefined || existsSync(join(HTML, target.path))
        if (!isThere || (target.hash !== '' && ids?.has(target.hash) !== true))
          dead.push(`${path}: ${link}`)
      }
    }
    assert.deepEqual(dead, [])
  })

  test('every link to the repository leads to a file of it', () => {
    const dead = new Set<string>()
    for (const { path, links } of pages) {
      for (const link of links) {
        const [, file] =
          new RegExp(`^${REPOSITORY}/(?:blob|tree|edit)/main/([^#]+)`).exec(link) ?? []
        if (file !== undefined && !existsSync(join(ROOT, decodeURIComponent(file))))
          dead.add(`${path}: ${link}`)
      }
    }
    assert.deepEqual([...dead], [])
  })

  test('the schema of shardy.toml is at the address of its id', () => {
    const schema = JSON.parse(readFileSync(join(HTML, 'shardy.schema.json'), 'utf8')) as {
      $id: string
    }
    const { homepage } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
      homepage: string
    }
    assert.equal(schema.$id, new URL('shardy.schema.json', homepage).href)
  })

  test('llms.txt lists every page and entry point, and its links lead to their Markdown', () => {
    const list = readFileSync(join(HTML, 'llms.txt'), 'utf8')
    const files = [...list.matchAll(/^- \[[^\]]+\]\(([^)]+)\): ./gm)].map(([, file]) => file!)
    assert.equal(files.length, PAGES.length + ENTRY_POINTS.length)
    for (const file of files) {
      assert.match(readFileSync(join(HTML, file), 'utf8'), /^# /m, file)
    }
    const full = readFileSync(join(HTML, 'llms-full.txt'), 'utf8')
    for (const { link } of PAGES) assert.ok(full.includes(`<!-- ${link} -->`), link)
  })

  describe('in Chromium', () => {
    before(async () => (server = await serveFolder(HTML)))
    test('the first page loads at most 300 KB, uncompressed', (t) => checkWeight(t, server.url))
    test('axe finds nothing, in light and dark, on desktop and phone', (t) =>
      checkAccessibility(t, server.url))
    test('the playground looks up, scans and searches, and shows its requests', (t) =>
      checkPlayground(t, server.url))
    after(() => server.close())
  })
})

/** The file of a page. */
function pathOf(link: string): string {
  return `${link.endsWith('/') ? `${link}index` : link}.html`.slice(1)
}

/** The file and heading of a link; `undefined` for a link to another site. */
function resolved(from: string, link: string): { path: string; hash: string } | undefined {
  const url = new URL(link, `http://site.invalid/${from}`)
  if (url.host !== 'site.invalid') return undefined
  const path = decodeURIComponent(url.pathname).slice(1)
  return {
    path: path === '' || path.endsWith('/') ? `${path}index.html` : path,
    hash: decodeURIComponent(url.hash.slice(1)),
  }
}

import assert from 'node:assert/strict'
import { readdirSync, statSync } from 'node:fs'
import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import type { Page } from 'playwright-core'
import { buildSite } from '#dist/browser-site.js'
import { cities, type City } from '#dist/support/cities.js'
import { type Answered, serveFolder } from '#dist/support/static-server.js'
import { openChromium } from '@shardyfusion/test-support/open-chromium'
import { Child } from './support/child.js'
import { tempFolder } from '@shardyfusion/test-support/temp-folder'

const byId = cities.toSorted((a, b) => a.id - b.id)

async function served(t: TestContext, folder: string) {
  const answers: Answered[] = []
  const server = await serveFolder(folder, { onAnswer: (answered) => answers.push(answered) })
  t.after(() => server.close())
  return { url: server.url, answers }
}

/** A page that collects its logged and thrown errors. */
async function opened(t: TestContext, url: string) {
  const browser = await openChromium(t)
  if (browser === undefined) return undefined
  const page = await browser.newPage()
  const problems: string[] = []
  page.on('pageerror', (error) => problems.push(String(error)))
  page.on('console', (message) => {
    if (message.type() === 'error') problems.push(message.text())
  })
  await page.goto(url)
  return { page, problems }
}

/** Submits a form and waits for its line in the list of operations. */
async function submit(page: Page, form: string, fields: Record<string, string>): Promise<string[]> {
  const rows = page.locator('#cost tbody tr')
  const before = await rows.count()
  for (const [name, value] of Object.entries(fields)) {
    await page.locator(`#${form} input[name=${name}]`).fill(value)
  }
  await page.locator(`#${form} button`).click()
  await rows.nth(before).waitFor()
  return rows.first().locator('td').allInnerTexts()
}

async function answer(page: Page): Promise<string[][]> {
  const rows = await page.locator('#answer tbody tr').all()
  return Promise.all(rows.map((row) => row.locator('td').allInnerTexts()))
}

function shown({ id, name, country, population }: City): string[] {
  return [String(id), name, country, population.toLocaleString('en-US')]
}

test('browser: looks up and scans a snapshot over HTTP ranges, and writes nothing', async (t) => {
  const folder = tempFolder()
  await buildSite(folder)
  const { url, answers } = await served(t, folder)
  const site = await opened(t, `${url}/`)
  if (site === undefined) return
  const { page, problems } = site
  await page.locator('#status').getByText('Ready.').waitFor()
  assert.match(await page.locator('#snapshot').innerText(), /Rows\s+135,233\s+Shards\s+8/)

  const sought = [byId[0]!, byId.at(-1)!, ...byId.filter((_, i) => i % 20_000 === 7)]
  const shards = new Set<string>()
  for (const city of sought) {
    const [operation] = await submit(page, 'lookup', { id: String(city.id) })
    assert.equal(operation, `get(${city.id})`)
    const [[...row] = [], ...others] = await answer(page)
    shards.add(row.pop()!)
    assert.deepEqual([row, others], [shown(city), []])
  }
  assert.ok(shards.size > 1, 'the cities sought lie in several shards')

  await t.test('a lookup again takes no request', async () => {
    const [, , requests, bytes] = await submit(page, 'lookup', { id: String(byId[0]!.id) })
    assert.deepEqual([requests, bytes], ['0', '0'])
  })

  await t.test('a missing id is said to be missing', async () => {
    assert.ok(!byId.some(({ id }) => id === 1))
    await submit(page, 'lookup', { id: '1' })
    assert.deepEqual(await answer(page), [['No such city.']])
  })

  await t.test('a scan gives the cities of a range in order, over all shards', async () => {
    const start = byId[50_000]!.id
    const end = byId[50_040]!.id
    await submit(page, 'scan', { start: String(start), end: String(end), limit: '100' })
    const rows = await answer(page)
    const expected = byId.slice(50_000, 50_040)
    assert.deepEqual(
      rows.map((row) => row.slice(0, 4)),
      expected.map(shown),
    )
    assert.ok(new Set(rows.map((row) => row[4])).size > 1)
    await submit(page, 'scan', { start: String(start), end: '', limit: '3' })
    assert.equal((await answer(page)).length, 3)
  })

  assert.deepEqual(problems, [])
  // The requests that the server received.
  const data = answers.filter(({ path }) => path.startsWith('/data/'))
  assert.deepEqual(
    answers.filter(({ method, status }) => method !== 'GET' || status >= 400),
    [],
  )
  const ranged = data.filter(({ path }) => path.endsWith('.sst'))
  assert.ok(ranged.length > 0)
  assert.ok(
    ranged.every(({ status, range }) => status === 206 && range !== undefined),
    'tables are read in ranges, never whole',
  )
  assert.equal(data.filter(({ path }) => path.endsWith('/_INDEX.json')).length, 1)
})

test('browser: shows that a snapshot is missing', async (t) => {
  const folder = tempFolder()
  await buildSite(folder, byId.slice(0, 10))
  await rm(join(folder, 'data/_CURRENT'))
  const { url } = await served(t, folder)
  const site = await opened(t, `${url}/`)
  if (site === undefined) return
  const status = site.page.locator('#status.problem')
  await status.waitFor()
  assert.match(await status.innerText(), /nothing is published below http:.*\/data/)
})

test('browser: the script does not import Node modules', async () => {
  const folder = tempFolder()
  await buildSite(folder, byId.slice(0, 10))
  const scripts = readdirSync(folder).filter((name) => name.endsWith('.js'))
  assert.ok(scripts.includes('page.js'))
  for (const name of scripts) {
    const text = await readFile(join(folder, name), 'utf8')
    assert.doesNotMatch(text, /(from|import|import\()\s*["'](node:|@node-rs|@slatedb)/, name)
  }
  assert.ok(statSync(join(folder, 'page.js')).size < 150_000)
})

test('browser-site: serves its files, and stops on a signal', async (t) => {
  const folder = tempFolder()
  const child = new Child(t, 'browser-site', [folder, '--serve', '--port', '0'])
  const [, url] = await child.prints('stdout', /Open (http:\S+)/)
  const page = await fetch(url!)
  assert.equal(page.status, 200)
  assert.match(await page.text(), /<title>Cities/)
  child.process.kill('SIGTERM')
  assert.equal(await child.exitCode(), 0)
})

test('browser-site: prints its usage without a folder', async (t) => {
  const child = new Child(t, 'browser-site', [])
  await child.prints('stderr', /expected one folder\n\nUsage: browser-site/)
  assert.equal(await child.exitCode(), 2)
})

test('static-server: serves only files and ranges of the folder', async (t) => {
  const folder = tempFolder()
  await writeFile(join(folder, 'x.json'), '0123456789')
  const { url } = await served(t, folder)
  const ask = async (path: string, init: RequestInit = {}) => {
    const response = await fetch(`${url}${path}`, init)
    return [response.status, await response.text()]
  }
  const range = (value: string) => ({ headers: { range: value } })
  assert.deepEqual(await ask('/x.json'), [200, '0123456789'])
  assert.deepEqual(await ask('/x.json', range('bytes=2-4')), [206, '234'])
  assert.deepEqual(await ask('/x.json', range('bytes=8-')), [206, '89'])
  assert.deepEqual(await ask('/x.json', range('bytes=8-99')), [206, '89'])
  assert.deepEqual(await ask('/x.json', range('bytes=10-')), [416, ''])
  assert.deepEqual(await ask('/x.json', { method: 'HEAD' }), [200, ''])
  assert.deepEqual(await ask('/none'), [404, ''])
  assert.deepEqual(await ask('/..%2f..%2fetc/passwd'), [404, ''])
  assert.deepEqual(await ask('/%zz'), [404, ''])
  for (const method of ['PUT', 'POST', 'DELETE']) {
    assert.deepEqual(await ask('/x.json', { method }), [405, ''])
  }
})

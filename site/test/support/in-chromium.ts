import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { TestContext } from 'node:test'
import type { Page } from 'playwright-core'
import { openChromium } from '@shardyfusion/test-support/open-chromium'
import { PAGES } from '#dist/site-map.js'

const MAX_BYTES = 300_000
const DESKTOP = { width: 1280, height: 900 }
const PHONE = { width: 390, height: 844 }
const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

/** Pages of every layout, for the combinations beyond light on a desktop. */
const LAYOUTS = ['/', '/concepts', '/playground', '/write', '/reference/sqlite-file/node']

/** Adds up everything that the first page loads. */
export async function checkWeight(t: TestContext, url: string): Promise<void> {
  const browser = await openChromium(t)
  if (browser === undefined) return
  const page = await browser.newPage({ viewport: DESKTOP })
  const sizes: Promise<readonly [string, number]>[] = []
  page.on('response', (response) =>
    sizes.push(response.body().then((body) => [response.url(), body.length] as const)),
  )
  await page.goto(`${url}/`, { waitUntil: 'networkidle' })
  const loaded = new Map(await Promise.all(sizes))
  const bytes = [...loaded.values()].reduce((sum, size) => sum + size, 0)
  assert.ok(loaded.size > 3)
  assert.ok(bytes <= MAX_BYTES, `${bytes} bytes: ${JSON.stringify([...loaded], null, 1)}`)
}

/** Runs the rules of axe on every page, and on some in every combination of width and colours. */
export async function checkAccessibility(t: TestContext, url: string): Promise<void> {
  const browser = await openChromium(t)
  if (browser === undefined) return
  const links = PAGES.map(({ link }) => link)
  const half = Math.ceil(links.length / 2)
  const combinations = [
    { viewport: DESKTOP, colorScheme: 'light', pages: links.slice(0, half) },
    { viewport: DESKTOP, colorScheme: 'light', pages: links.slice(half) },
    { viewport: DESKTOP, colorScheme: 'dark', pages: LAYOUTS },
    { viewport: PHONE, colorScheme: 'light', pages: LAYOUTS },
    { viewport: PHONE, colorScheme: 'dark', pages: LAYOUTS },
  ] as const
  const problems: string[] = []
  const visit = async ({ viewport, colorScheme, pages }: (typeof combinations)[number]) => {
    const page = await browser.newPage({ viewport, colorScheme, reducedMotion: 'reduce' })
    page.on('pageerror', (error) => problems.push(`${page.url()}: ${String(error)}`))
    page.on('console', (message) => {
      if (['error', 'warning'].includes(message.type()))
        problems.push(`${page.url()}: ${message.text()}`)
    })
    for (const link of pages) {
      await page.goto(`${url}${link.endsWith('/') ? link : `${link}.html`}`)
      // Vue names the switch of colours when it has started.
      await page.waitForFunction('document.querySelector("#app")?.__vue_app__ !== undefined')
      const kind = `${link}, ${colorScheme}, ${viewport.width} px`
      problems.push(...(await violationsOf(page)).map((problem) => `${kind}: ${problem}`))
      const width = await page.evaluate<number>('document.documentElement.scrollWidth')
      if (width > viewport.width) problems.push(`${kind}: the page is ${width} px wide`)
    }
    await page.close()
  }
  // Two tabs at a time.
  await Promise.all(combinations.slice(0, 2).map(visit))
  for (const combination of combinations.slice(2)) await visit(combination)
  assert.deepEqual(problems, [])
}

async function violationsOf(page: Page): Promise<string[]> {
  await page.evaluate(AXE)
  const found = await page.evaluate<{ id: string; nodes: { html: string }[] }[]>(
    'axe.run({ resultTypes: ["violations"] }).then(({ violations }) => violations)',
  )
  return found.map(
    ({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 160)).join(' ')}`,
  )
}

/** Uses each form of the playground, on both kinds of shards. */
export async function checkPlayground(t: TestContext, url: string): Promise<void> {
  const browser = await openChromium(t)
  if (browser === undefined) return
  const page = await browser.newPage({ viewport: DESKTOP })
  const problems: string[] = []
  page.on('pageerror', (error) => problems.push(String(error)))
  await page.goto(`${url}/playground.html`)
  const ready = (): Promise<void> =>
    page.locator('#playground-status').getByText('Ready.').waitFor({ timeout: 60_000 })
  await ready()
  const answer = (): Promise<string[]> =>
    page.locator('#playground-answer tbody tr').allInnerTexts()

  const submit = async (form: string): Promise<{ total: string; requests: string[] }> => {
    const totals = page.locator('.playground-total')
    const before = await totals.count()
    await page.locator(`#playground-${form} button`).click()
    await totals.nth(before).waitFor({ timeout: 30_000 })
    await page.locator(`#playground-${form} button:enabled`).waitFor()
    await ready()
    const rows = await page.locator('#playground-requests tbody tr').allInnerTexts()
    const total = rows[0]!
    const count = Number(/(\d+) requests?/.exec(total)![1])
    return { total, requests: rows.slice(1, count + 1) }
  }

  for (const shards of ['slatedb', 'sqlite']) {
    await page.locator(`#playground-shards input[value=${shards}]`).check()
    await submit('lookup')
    assert.match((await answer()).join(), /2657896\s+Zürich\s+CH\s+341,730\s+\d/, shards)
    const again = await submit('lookup')
    assert.deepEqual(again.requests, [], 'a block that was read is cached')
    const { requests } = await submit('scan')
    assert.equal((await answer()).length, 10)
    assert.ok(requests.length > 0)
    assert.ok(
      requests.every((row) => /^GET shards\/.*\t206, bytes \d+-\d+\t[\d,]+\t[\d.]+ ms$/.test(row)),
      requests.join('\n'),
    )
  }
  await submit('search')
  const [nearest] = await answer()
  assert.match(nearest!, /^\d+ km\s+\d+\s+\S/)
  assert.equal((await answer()).length, 5)
  await page.locator('#playground-lookup input[name=id]').fill('1')
  await submit('lookup')
  assert.deepEqual(await answer(), ['No such city.'])
  assert.deepEqual(problems, [])
}

import assert from 'node:assert/strict'
import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { pathToFileURL } from 'node:url'
import type { Page } from 'playwright-core'
import { writeSnapshot } from '@shardyfusion/core'
import { openChromium } from '@shardyfusion/test-support/open-chromium'
import { shardy } from '../support/shardy.js'
import { emptyPlace, publishedPlace, type TestSnapshot } from '../support/snapshot.js'

async function reportOf(
  { folder, prefix }: TestSnapshot,
  args: readonly string[] = [],
): Promise<string> {
  const path = join(folder, 'report.html')
  const { code, stderr } = await shardy(['report', '-p', prefix, '-o', path, ...args])
  assert.equal(code, 0, stderr)
  return path
}

/** The page, with its requests and errors. */
async function opened(t: TestContext, path: string, scheme: 'light' | 'dark' = 'light') {
  const browser = await openChromium(t)
  if (browser === undefined) return undefined
  const page = await browser.newPage({
    colorScheme: scheme,
    viewport: { width: 1180, height: 900 },
  })
  const requests: string[] = []
  const problems: string[] = []
  page.on('request', (request) => requests.push(request.url()))
  page.on('pageerror', (error) => problems.push(String(error)))
  page.on('console', (message) => problems.push(message.text()))
  await page.goto(pathToFileURL(path).href)
  return { page, requests, problems }
}

/** The brightness of the page, 0 to 255. */
async function brightness(page: Page): Promise<number> {
  const color = await page.evaluate<string>('getComputedStyle(document.body).backgroundColor')
  const [r = 0, g = 0, b = 0] = color.match(/\d+/g)!.map(Number)
  return (r + g + b) / 3
}

test('report: shows rows, bytes, skew, timings and history, and loads nothing', async (t) => {
  const place = await publishedPlace(['first', 400], ['second', 500])
  const path = await reportOf(place, ['--title', 'Prices <of> today'])
  const site = await opened(t, path)
  if (site === undefined) return
  const { page, requests, problems } = site
  assert.deepEqual([requests, problems], [[pathToFileURL(path).href], []])
  assert.equal(await page.locator('h1').innerText(), 'Prices <of> today')
  assert.deepEqual(await page.locator('h2').allInnerTexts(), [
    'Rows per shard',
    'Bytes per shard',
    'Skew',
    'Build time per shard',
    'Build times',
    'Publications',
    'Facts',
    'History',
  ])
  assert.match(await page.locator('.tiles').innerText(), /Rows\s+500\s[\s\S]*Shards\s+4\s/)
  assert.equal(
    await page.getByRole('img', { name: 'Rows per shard' }).locator('path.bar, path.warn').count(),
    4,
  )
  assert.equal(
    await page
      .getByRole('img', { name: 'Rows of each publication' })
      .locator('path.accent')
      .count(),
    1,
  )
  const runs = await page
    .locator('section', { hasText: 'History' })
    .locator('tbody tr')
    .allInnerTexts()
  assert.match(runs[0]!, /second\s+current\s+500\s+\+100 \(\+25 %\)/)
  assert.match(await page.locator('.tiles').innerText(), /Rows\s+500\s+\+100 \(\+25 %\)/)
  assert.match(runs[1]!, /first\s+400/)
  await page.locator('summary').click()
  assert.equal(await page.locator('details tbody tr').count(), 4)
  // Nothing overflows horizontally, also on a phone.
  for (const width of [1180, 390]) {
    await page.setViewportSize({ width, height: 900 })
    assert.equal(await page.evaluate('document.documentElement.scrollWidth'), width)
  }
  assert.ok((await brightness(page)) > 200)
  const dark = await opened(t, path, 'dark')
  assert.ok((await brightness(dark!.page)) < 60)
})

test('report: draws a thousand shards, empty shards, text keys and a missing history', async (t) => {
  const place = emptyPlace()
  const rows = Array.from({ length: 60 }, (_, i) => ({ id: `"<key>&${i}`, i }))
  await writeSnapshot(rows, {
    prefix: place.prefix,
    sharding: { shards: 1000 },
    key: 'id',
    keyEncoding: 'utf8',
    values: 'json',
    custom: { note: '<script>alert(1)</script>' },
  })
  const path = await reportOf(place)
  assert.ok(statSync(path).size < 400_000)
  assert.doesNotMatch(readFileSync(path, 'utf8'), /<script/)
  const site = await opened(t, path)
  if (site === undefined) return
  assert.deepEqual(site.problems, [])
  assert.match(await site.page.locator('.tiles').innerText(), /Shards\s+1,000\s+9\d\d empty/)
  assert.match(await site.page.locator('body').innerText(), /<script>alert\(1\)<\/script>/)
  assert.ok(
    (await site.page.getByRole('img', { name: 'Rows per shard' }).locator('g').count()) <= 160,
  )
})

test('report: labels the shards of an expression by its values, and shows key ranges that differ', async (t) => {
  const place = emptyPlace()
  const rows = Array.from({ length: 90 }, (_, i) => ({
    id: i,
    region: `region-${Math.floor(i / 30)}`,
  }))
  await writeSnapshot(rows, {
    prefix: place.prefix,
    sharding: { cel: 'region', columns: { region: 'string' }, values: 'infer' },
    key: 'id',
    values: 'json',
  })
  const site = await opened(t, await reportOf(place))
  if (site === undefined) return
  const { page } = site
  const chart = page.getByRole('img', { name: 'Rows per shard' })
  for (const label of ['region-0', 'region-1', 'region-2', 'value of the expression'])
    assert.equal(await chart.getByText(label, { exact: true }).count(), 1, label)
  assert.match(await chart.locator('g title').nth(1).innerHTML(), /shard 1 \(region-1\): 30 rows/)
  assert.equal(await page.locator('h2', { hasText: 'Key ranges' }).count(), 1)
  await page.locator('summary').click()
  assert.match(await page.locator('details tbody tr').nth(2).innerText(), /2\s+region-2\s+30/)
})

test('report: leaves out the charts that say nothing about one shard and one publication', async (t) => {
  const place = emptyPlace()
  await writeSnapshot([{ id: 1 }], {
    prefix: place.prefix,
    sharding: { shards: 1 },
    key: 'id',
    values: 'json',
  })
  const site = await opened(t, await reportOf(place))
  if (site === undefined) return
  assert.deepEqual(await site.page.locator('h2').allInnerTexts(), ['Facts', 'History'])
})

import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { CommandFailure } from './run-command.mjs'

const CHROMIUM = process.env['SHARDYFUSION_CHROMIUM'] ?? '/usr/bin/chromium'
const WAIT_MS = 30_000

/**
 * Opens a page in Chromium and waits until its title is the result of the exercise.
 *
 * Errors: CommandFailure with everything the page logged.
 *
 * @param {string} playwright the folder of the package
 * @param {string} url
 * @param {string} expected the title
 */
export async function openPage(playwright, url, expected = 'exercise: ok') {
  if (!existsSync(CHROMIUM)) throw new Error(`${CHROMIUM} does not exist; install Chromium`)
  const { chromium } = createRequire(import.meta.url)(playwright)
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'] })
  try {
    const page = await browser.newPage()
    /** @type {string[]} */
    const lines = []
    page.on('pageerror', (/** @type {Error} */ error) => lines.push(String(error.stack ?? error)))
    page.on('console', (/** @type {{ text(): string }} */ message) => lines.push(message.text()))
    page.on('requestfailed', (/** @type {{ url(): string }} */ request) =>
      lines.push(`failed: ${request.url()}`),
    )
    await page.goto(url)
    const isDone = `document.title === ${JSON.stringify(expected)} || /^failed:/.test(document.title)`
    await page.waitForFunction(isDone, undefined, { timeout: WAIT_MS }).catch(() => {
      lines.push(`the page had no result within ${WAIT_MS / 1000} s`)
    })
    const title = await page.title()
    if (title !== expected) throw new CommandFailure(`the page says: ${title}`, lines.join('\n'))
  } finally {
    await browser.close()
  }
}

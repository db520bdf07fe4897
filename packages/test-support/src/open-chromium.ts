import { accessSync, constants } from 'node:fs'
import type { TestContext } from 'node:test'
import { type Browser, chromium } from 'playwright-core'

const PLACES = [
  process.env['SHARDYFUSION_CHROMIUM'],
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
]

// Turn off background traffic, so that a test sees only the traffic of the page.
const ARGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

/** A Chromium of this machine, which is closed when the test ends. If none exists, skips the test and returns `undefined`. */
export async function openChromium(t: TestContext): Promise<Browser | undefined> {
  const executablePath = PLACES.find(isProgram)
  if (executablePath === undefined) {
    const problem =
      'no Chromium found; install it (apt-get install chromium) or set SHARDYFUSION_CHROMIUM'
    if (process.env['SHARDYFUSION_REQUIRE_BROWSER'] === '1') throw new Error(problem)
    t.skip(problem)
    return undefined
  }
  const browser = await chromium.launch({ executablePath, args: ARGS })
  t.after(() => browser.close())
  return browser
}

function isProgram(path: string | undefined): boolean {
  if (path === undefined) return false
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

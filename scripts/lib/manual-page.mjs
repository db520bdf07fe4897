import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT } from './paths.mjs'

const PAGE = 'packages/cli/man/shardy.1'

/** Writes the manual page of the CLI from the specs of its commands. A test checks that it is up to date. */
export async function updateManualPage() {
  const { manualPage } = await import(join(ROOT, 'packages/cli/dist/modules/man/manual-page.js'))
  const file = join(ROOT, PAGE)
  const { version } = JSON.parse(readFileSync(join(ROOT, 'packages/cli/package.json'), 'utf8'))
  writeFileSync(file, manualPage(version))
  console.log(`${PAGE}: written`)
}

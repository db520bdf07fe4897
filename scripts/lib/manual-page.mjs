import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT } from './paths.mjs'

const PAGE = 'packages/cli/man/shardy.1'
const SCHEMA = 'packages/cli/schema/shardy.schema.json'

/** Writes the manual page of the CLI from the specs of its commands. A test checks that it is up to date. */
export async function updateManualPage() {
  const { manualPage } = await import(join(ROOT, 'packages/cli/dist/modules/man/manual-page.js'))
  const file = join(ROOT, PAGE)
  const { version } = JSON.parse(readFileSync(join(ROOT, 'packages/cli/package.json'), 'utf8'))
  writeFileSync(file, manualPage(version))
  console.log(`${PAGE}: written`)
}

/** Writes the JSON schema of `shardy.toml` from the list of settings. A test checks that it is up to date. */
export async function updateSettingsSchema() {
  const module = join(ROOT, 'packages/cli/dist/modules/config/settings-schema.js')
  const { settingsSchema } = await import(module)
  const { homepage } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))
  const schema = settingsSchema(new URL('shardy.schema.json', homepage).href)
  writeFileSync(join(ROOT, SCHEMA), `${JSON.stringify(schema, null, 2)}\n`)
  console.log(`${SCHEMA}: written`)
}

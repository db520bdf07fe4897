import { copyFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { bundlePlayground } from './bundle-playground.js'
import { writeDemo } from './demo.js'
import { inputHash, isUpToDate, STAMP } from './input-hash.js'
import { writeTextsForModels } from './llms.js'
import { HTML, SETTINGS_SCHEMA } from './places.js'
import { writeReference } from './reference.js'
import { renderPages } from './render-pages.js'
import { stagePages } from './stage-pages.js'

/**
 * Builds the site into `site/dist/html`, unless nothing has changed since the last time.
 *
 * Errors: an Error that lists public members without a comment, dead links, and warnings of the tools.
 */
export async function buildSite(): Promise<'built' | 'up to date'> {
  if (isUpToDate()) return 'up to date'
  rmSync(HTML, { recursive: true, force: true })
  const problems: string[] = []
  stagePages()
  problems.push(...(await writeReference()))
  problems.push(...(await renderPages()))
  if (problems.length > 0)
    throw new Error(`site: ${problems.length} problems:\n${problems.join('\n')}`)
  writeTextsForModels()
  await bundlePlayground(join(HTML, 'playground'))
  await writeDemo(join(HTML, 'data'))
  // Its `$id` is this address.
  copyFileSync(SETTINGS_SCHEMA, join(HTML, 'shardy.schema.json'))
  writeFileSync(join(HTML, '.nojekyll'), '')
  writeFileSync(STAMP, inputHash())
  return 'built'
}

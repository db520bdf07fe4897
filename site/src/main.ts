import { parseArgs } from 'node:util'
import { serveFolder } from '@shardyfusion/examples/dist/support/static-server.js'
import { buildSite } from './build-site.js'
import { HTML } from './places.js'

const started = performance.now()
try {
  const { values } = parseArgs({
    options: { serve: { type: 'boolean' }, pictures: { type: 'boolean' } },
  })
  if (values.pictures === true) await import('./take-pictures.js')
  const outcome = await buildSite()
  const seconds = ((performance.now() - started) / 1000).toFixed(1)
  console.log(`site: ${outcome === 'built' ? `built in ${seconds} s` : outcome}, in site/dist/html`)
  if (values.serve === true) {
    const { url } = await serveFolder(HTML)
    console.log(`site: open ${url}/ (Ctrl-C ends it)`)
  }
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
}

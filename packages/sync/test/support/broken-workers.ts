import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

const serveUrl = new URL('../../dist/modules/worker/serve.js', import.meta.url).href
const ownUrl = new URL('../../dist/modules/bridge/own-worker.js', import.meta.url).href

/** A worker file of this text, in a folder of its own. */
export function workerFile(text: string): URL {
  const folder = mkdtempSync(join(tmpdir(), 'shardyfusion-worker-'))
  const file = join(folder, 'worker.mjs')
  writeFileSync(file, text)
  return pathToFileURL(file)
}

/** A worker that serves what this expression loads. */
export function servingFile(load: string): URL {
  return workerFile(`
    import { serve } from ${JSON.stringify(serveUrl)}
    import { ownWorkerStart } from ${JSON.stringify(ownUrl)}
    serve(ownWorkerStart(), ${load})
  `)
}

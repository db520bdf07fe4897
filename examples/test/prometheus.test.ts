import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test } from 'node:test'
import { main } from '#dist/prometheus.js'
import { Child, NO_SIGNALS } from './support/child.js'
import { runMain } from './support/run-main.js'

test('prometheus: serves the counts of its reader', { skip: NO_SIGNALS }, async (t) => {
  const child = new Child(t, 'prometheus', ['--port', '0'])
  const [url] = await child.prints('stdout', /^http:.*\/metrics$/m)
  const response = await fetch(url)
  assert.match(response.headers.get('content-type')!, /^text\/plain; version=0\.0\.4/)
  const text = await response.text()
  const at = '{prefix="memory://prometheus-example"}'
  for (const line of [
    `shardyfusion_reader_gets_total${at} 2`,
    `shardyfusion_reader_hits_total${at} 1`,
    `shardyfusion_reader_misses_total${at} 1`,
    `shardyfusion_readers${at} 1`,
  ]) {
    assert.ok(text.split('\n').includes(line), line)
  }
  child.process.kill('SIGTERM')
  await once(child.process, 'exit')
})

test('prometheus: a misspelt option is refused with the usage', async () => {
  const { outcome } = runMain(main, ['--prot', '1'])
  await assert.rejects(outcome, /Usage: prometheus/)
})

// Serves the metrics of a reader for Prometheus: node examples/dist/prometheus.js --port 9464
import { once } from 'node:events'
// #region serve
import { createServer } from 'node:http'
import { SnapshotReader } from '@shardyfusion/core'
import { prometheusMetrics } from '@shardyfusion/telemetry/prometheus'
// #endregion
import { writeSnapshot } from '@shardyfusion/core'
import type { AddressInfo } from 'node:net'
import { parseCommandLine, wholeNumber } from './support/command-line.js'
import { type Main, runIfMain } from './support/program.js'

const USAGE = `Usage: prometheus [--port <n>]

Publishes a small snapshot in memory, looks up some keys, and serves the metrics at /metrics.`

export const main: Main = async (args, { stdout, signal }) => {
  const { values } = parseCommandLine({ args, options: { port: { type: 'string' } } }, USAGE)
  const prefix = 'memory://prometheus-example'
  await writeSnapshot([[1, 'one']], { prefix, sharding: { shards: 1 }, values: 'utf8' })

  // #region serve
  const metrics = prometheusMetrics()
  const reader = await SnapshotReader.open({ prefix, values: 'utf8' })
  const server = createServer((_request, response) => {
    response.setHeader('content-type', metrics.contentType)
    void metrics.text().then((text) => response.end(text))
  })
  // #endregion

  await reader.get(1)
  await reader.get(2)
  server.listen(wholeNumber(values.port, 9464, 'port', USAGE), '127.0.0.1')
  await once(server, 'listening')
  stdout.write(`http://127.0.0.1:${(server.address() as AddressInfo).port}/metrics\n`)
  if (!signal.aborted) await once(signal, 'abort')
  server.close()
  metrics.close()
  await reader.close()
}

await runIfMain(import.meta.url, main)

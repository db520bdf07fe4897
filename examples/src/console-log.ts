// Logs the events of a build without a logging library: node examples/dist/console-log.js
import { writeSnapshot } from '@shardyfusion/core'
// #region console
import { consoleLogger, logEvents, withLogFields } from '@shardyfusion/telemetry/logging'
// #endregion
import { type Main, runIfMain } from './support/program.js'

export const main: Main = async (_args, { stdout: stream }) => {
  const options = {
    prefix: 'memory://console-log-example',
    sharding: { shards: 1 },
    values: 'utf8',
  } as const
  const rows = [[1, 'one']] as const

  // #region console
  const events = logEvents(consoleLogger({ format: 'text', stream }))
  // The fields of a job are added to its events.
  await withLogFields({ job: 'prices-hourly' }, () => writeSnapshot(rows, options))
  // #endregion
  events.close()
}

await runIfMain(import.meta.url, main)

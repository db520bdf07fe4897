// Logs the events of a build and a reader with pino: node examples/dist/event-log.js
// #region pino
import { logEvents } from '@shardyfusion/telemetry/logging'
import { pino } from 'pino'
// #endregion
import { SnapshotReader, writeSnapshot } from '@shardyfusion/core'
import { type Main, runIfMain } from './support/program.js'

export const main: Main = async (_args, { stdout }) => {
  // #region pino
  const logger = pino({ level: 'debug' }, stdout)
  const events = logEvents(logger)
  // #endregion
  const prefix = 'memory://event-log-example'
  const options = { prefix, sharding: { shards: 1 }, values: 'utf8' } as const
  await writeSnapshot([[1, 'one']], options)
  await using reader = await SnapshotReader.open({ prefix, values: 'utf8' })
  await reader.get(1)
  await reader.refresh()
  await reader.close()
  events.close()
}

await runIfMain(import.meta.url, main)

import { ROWS } from './data.js'
import { openDb, write } from './bare.js'

/**
 * Seals a shard like the Python project: SlateDB's default settings, flush of the log, shutdown.
 *
 * Only the log is then in storage, and every reader replays it.
 */
export async function sealByLog(url: string, rows = ROWS): Promise<void> {
  const { db, close } = await openDb(url)
  const ids = Array.from({ length: rows }, (_, i) => i)
  await write([db], ids, () => 0)
  await db.flush_with_options({ flush_type: 'Wal' })
  await close()
}

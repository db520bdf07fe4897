import type { Column } from '../output/printer.js'
import { formatBytes, formatCount } from '../output/units.js'
import { cellText } from '../output/csv-text.js'
import { EXIT } from '../util/exit-codes.js'
import type { Call } from './command.js'

const COLUMNS: readonly Column[] = [
  { name: 'id', title: 'shard', align: 'right' },
  { name: 'rowCount', title: 'rows', align: 'right', show: (n) => formatCount(Number(n)) },
  {
    name: 'bytes',
    title: 'size',
    align: 'right',
    show: (n) => (n === 0 ? '' : formatBytes(Number(n))),
  },
  { name: 'minKey', title: 'first key', align: 'right' },
  { name: 'maxKey', title: 'last key', align: 'right' },
  { name: 'attempt', align: 'right' },
  { name: 'url', show: (url) => cellText(url) || '(empty)' },
]

export async function run({ context }: Call): Promise<number> {
  const { session, printer } = context
  const reader = await session.searcher()
  const rows = reader.shards().map(({ id, rowCount, bytes, minKey, maxKey, attempt, url }) => ({
    id,
    rowCount,
    bytes,
    minKey,
    maxKey,
    attempt,
    url,
  }))
  printer.rows(COLUMNS, rows)
  return EXIT.ok
}

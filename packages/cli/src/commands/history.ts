import type { Column } from '../output/printer.js'
import { formatMs } from '../output/units.js'
import { EXIT } from '../util/exit-codes.js'
import type { Call } from './command.js'

const DEFAULT_LIMIT = 10

const COLUMNS: readonly Column[] = [
  {
    name: 'current',
    title: '',
    show: (current) => (current === true ? '*' : ''),
    style: () => 'green',
  },
  { name: 'runId', title: 'run' },
  { name: 'publishedAt', title: 'published' },
  { name: 'ageMs', title: 'age', align: 'right', show: (ms) => formatMs(Number(ms)) },
  { name: 'manifestRef', inTable: false },
]

export async function run({ context, options }: Call<{ limit?: number }>): Promise<number> {
  const { session, printer } = context
  const listed = await session.history(options.limit ?? DEFAULT_LIMIT)
  const now = Date.now()
  printer.rows(
    COLUMNS,
    listed.map(({ ref, runId, publishedAt, isCurrent }) => ({
      current: isCurrent,
      runId,
      publishedAt,
      ageMs: Math.max(0, now - Date.parse(publishedAt)),
      manifestRef: ref,
    })),
  )
  if (listed.length === 0) context.tell('nothing is published there\n')
  return EXIT.ok
}

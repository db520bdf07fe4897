import type { ListedRun } from '@shardyfusion/core/maintain'
import { cellText } from '../output/csv-text.js'
import type { Column } from '../output/printer.js'
import type { Style } from '../output/style.js'
import { formatMs } from '../output/units.js'
import type { Context } from '../session/context.js'
import { loadMaintenance } from '../session/library.js'
import { EXIT } from '../util/exit-codes.js'
import type { Call } from './command.js'

const DEFAULT_LIMIT = 10

const AGE: Column = {
  name: 'ageMs',
  title: 'age',
  align: 'right',
  show: (ms) => formatMs(Number(ms)),
}
const SNAPSHOT_COLUMNS: readonly Column[] = [
  {
    name: 'current',
    title: '',
    show: (current) => (current === true ? '*' : ''),
    style: () => 'green',
  },
  { name: 'runId', title: 'run' },
  { name: 'publishedAt', title: 'published' },
  AGE,
]
const DATA_COLUMNS: readonly Column[] = [
  {
    name: 'data',
    show: (data) => (data === 'present' ? '' : cellText(data)),
    style: (data) => (data === 'missing' ? 'red' : 'yellow'),
  },
  { name: 'problem' },
]
const HIDDEN_COLUMNS: readonly Column[] = [{ name: 'manifestRef', inTable: false }]
const STATUS_STYLES: Readonly<Record<string, Style>> = {
  running: 'cyan',
  failed: 'red',
  died: 'red',
}
const RUN_COLUMNS: readonly Column[] = [
  { name: 'status', style: (status) => STATUS_STYLES[cellText(status)] },
  { name: 'runId', title: 'run' },
  { name: 'writer' },
  { name: 'startedAt', title: 'started' },
  AGE,
  { name: 'problem' },
]

interface Options {
  readonly limit?: number
  readonly runs?: true
}

export async function run({ context, options }: Call<Options>): Promise<number> {
  const limit = options.limit ?? DEFAULT_LIMIT
  const count = await (options.runs === true ? runs(context, limit) : snapshots(context, limit))
  if (count === 0) {
    const none = options.runs === true ? 'no runs are recorded' : 'no snapshots are published'
    context.writeErr(`${none} below ${context.session.storage.prefix}\n`)
  }
  return EXIT.ok
}

async function snapshots(context: Context, limit: number): Promise<number> {
  const { session, printer, writeErr, paint } = context
  const listed = await session.history(limit, { checkData: true })
  const rows = listed.map(({ ref, runId, publishedAt, isCurrent, data, problem }) => {
    const ageMs = age(publishedAt)
    return { current: isCurrent, runId, publishedAt, ageMs, data, problem, manifestRef: ref }
  })
  const isSound = listed.every(({ data, problem }) => data === 'present' && problem === undefined)
  const data = isSound
    ? DATA_COLUMNS.map((column) => ({ ...column, inTable: false as const }))
    : DATA_COLUMNS
  if (rows.length > 0 && rows.length < limit && !rows.some(({ current }) => current))
    writeErr(
      `${paint('yellow', 'note:')} no snapshot is current: the pointer is missing or damaged; 'shardy rollback <run>' repairs it\n`,
    )
  printer.rows([...SNAPSHOT_COLUMNS, ...data, ...HIDDEN_COLUMNS], rows)
  return rows.length
}

/** Lists the run records of writers, whether or not the runs published anything. */
async function runs({ session, printer }: Context, limit: number): Promise<number> {
  const { listRuns } = await loadMaintenance()
  const rows = (await listRuns({ ...session.storage, limit })).map((listed) => {
    const { record, problem } = listed
    return {
      status: statusOf(listed),
      runId: listed.runId,
      writer: record?.writerType,
      startedAt: record?.startedAt,
      ageMs: record === undefined ? undefined : age(record.startedAt),
      problem: problem?.message ?? record?.errorMessage,
    }
  })
  printer.rows(RUN_COLUMNS, rows)
  return rows.length
}

/** The status of a run. A running record whose lease has expired counts as `died`. */
function statusOf({ record, isLive }: ListedRun): string {
  if (record === undefined) return 'unreadable'
  return record.status === 'running' && !isLive ? 'died' : record.status
}

function age(timestamp: string): number {
  return Math.max(0, Date.now() - Date.parse(timestamp))
}

import { ALL_INSTRUMENTS } from '#dist/metrics/instruments.js'
import { metricName } from '#dist/prometheus/metric-name.js'

/** The instruments of the Python project, without labels there. */
const OF_THE_PYTHON_PROJECT = new Set([
  'writes_started_total',
  'shard_writes_completed_total',
  'shard_write_duration_seconds',
  'writes_completed_total',
  'write_duration_seconds',
  'batches_written_total',
  'reader_gets_total',
  'reader_get_duration_seconds',
  'reader_multi_gets_total',
  'reader_multi_get_duration_seconds',
  's3_retries_total',
  's3_retries_exhausted_total',
  'rate_limiter_throttled_total',
  'rate_limiter_wait_seconds',
  'rate_limiter_denied_total',
])

/** Returns the table of the README. */
export function instrumentTable(): string {
  const lines = ALL_INSTRUMENTS.map((instrument) => {
    const name = metricName(instrument, '')
    const mark = OF_THE_PYTHON_PROJECT.delete(name) ? ' *' : ''
    const labels = instrument.labels.map((label) => `\`${label}\``).join(', ')
    return `| \`${name}\`${mark} | ${instrument.kind} | ${labels} | ${instrument.help} |`
  })
  if (OF_THE_PYTHON_PROJECT.size > 0)
    throw new Error(`not exported: ${[...OF_THE_PYTHON_PROJECT].join(', ')}`)
  return ['| `shardyfusion_` … | kind | labels | meaning |', '|---|---|---|---|', ...lines].join(
    '\n',
  )
}

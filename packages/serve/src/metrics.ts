import type { Counters } from './counters.js'
import type { Database } from './database.js'
import type { Command } from './resp/client.js'
import type { ScanLimit } from './scan-limit.js'

export interface MetricsParts {
  readonly counters: Counters
  readonly databases: readonly Database[]
  readonly scans: ScanLimit
  readonly commands: Iterable<Command>
}

type Sample = readonly [labels: Readonly<Record<string, string>>, value: number]

/** Returns the counters in the text format of Prometheus. */
export function metricsText({ counters, databases, scans, commands }: MetricsParts): string {
  const { connections, accepted, refused, errors } = counters
  const byProtocol = (of: { redis: number; http: number }): Sample[] =>
    Object.entries(of).map(([protocol, value]) => [{ protocol }, value])
  const perDatabase = (value: (database: Database) => number): Sample[] =>
    databases.map((database) => [{ database: database.name }, value(database)])
  const requests: Sample[] = [
    ...[...commands]
      .filter(({ calls }) => calls > 0)
      .map(({ name, calls }): Sample => [{ protocol: 'redis', command: name }, calls]),
    ...[...counters.requests].map(([path, calls]): Sample => [
      { protocol: 'http', command: path },
      calls,
    ]),
  ]
  return [
    metric('requests_total', 'counter', 'Finished requests.', requests),
    metric('errors_total', 'counter', 'Requests that got an error.', byProtocol(errors)),
    metric('connections', 'gauge', 'Open connections.', byProtocol(connections)),
    metric('connections_total', 'counter', 'Accepted connections.', byProtocol(accepted)),
    metric(
      'connections_refused_total',
      'counter',
      'Connections refused because there were too many.',
      byProtocol(refused),
    ),
    metric('keys_total', 'counter', 'Keys looked up.', [
      [{ result: 'found' }, counters.found],
      [{ result: 'missing' }, counters.missing],
    ]),
    metric('cached_keys_total', 'counter', 'Keys answered from the cache of replies.', [
      [{}, counters.cached],
    ]),
    metric('received_bytes_total', 'counter', 'Bytes received over Redis.', [
      [{}, counters.bytesIn],
    ]),
    metric('sent_bytes_total', 'counter', 'Bytes sent over Redis.', [[{}, counters.bytesOut]]),
    metric('scans', 'gauge', 'Running scans and searches.', [[{}, scans.running]]),
    metric(
      'reply_cache_bytes',
      'gauge',
      'Bytes of the cache of replies.',
      perDatabase(({ cache }) => cache.bytes),
    ),
    metric(
      'snapshot_rows',
      'gauge',
      'Rows of the served snapshot.',
      perDatabase((database) => database.current().rowCount),
    ),
    metric(
      'snapshot_age_seconds',
      'gauge',
      'Time since the served snapshot was published.',
      perDatabase(({ anyReader }) => anyReader.health().ageMs / 1000),
    ),
    metric(
      'snapshot_healthy',
      'gauge',
      '1 if the current snapshot is served.',
      perDatabase(({ anyReader }) => (anyReader.health().status === 'healthy' ? 1 : 0)),
    ),
    `# HELP process_resident_memory_bytes Resident memory size in bytes.\n# TYPE process_resident_memory_bytes gauge\nprocess_resident_memory_bytes ${process.memoryUsage.rss()}\n`,
  ].join('')
}

function metric(name: string, type: string, help: string, samples: readonly Sample[]): string {
  const full = `shardyfusion_serve_${name}`
  const lines = samples.map(([labels, value]) => {
    const pairs = Object.entries(labels).map(([label, text]) => `${label}="${escaped(text)}"`)
    return `${full}${pairs.length === 0 ? '' : `{${pairs.join(',')}}`} ${value}`
  })
  return `${[`# HELP ${full} ${help}`, `# TYPE ${full} ${type}`, ...lines].join('\n')}\n`
}

function escaped(text: string): string {
  return text.replace(/[\\"\n]/g, (c) => (c === '\n' ? '\\n' : `\\${c}`))
}

import type { RespHost } from './client.js'

/** The version of Redis whose commands and replies these are; clients choose their behaviour by it. */
export const PROTOCOL_VERSION = '7.2.0'

/** The text of `INFO`: fields that clients and monitors read, by section; all if `asked` is empty. */
export function serverInfo(host: RespHost, asked: readonly string[]): string {
  const { counters } = host
  const memory = process.memoryUsage()
  const calls = [...host.commands.values()].reduce((sum, command) => sum + command.calls, 0)
  const uptime = Math.floor((Date.now() - counters.startedAt) / 1000)
  const sections: Record<string, Record<string, string | number>> = {
    server: {
      redis_version: PROTOCOL_VERSION,
      redis_mode: 'standalone',
      server_name: 'shardyfusion',
      process_id: process.pid,
      tcp_port: host.port,
      uptime_in_seconds: uptime,
    },
    clients: {
      connected_clients: counters.connections.redis,
      maxclients: host.limits.maxConnections,
    },
    memory: { used_memory: memory.rss, used_memory_rss: memory.rss },
    // Clients that check readiness read `loading`.
    persistence: { loading: 0 },
    stats: {
      total_connections_received: counters.accepted.redis,
      rejected_connections: counters.refused.redis,
      total_commands_processed: calls,
      total_net_input_bytes: counters.bytesIn,
      total_net_output_bytes: counters.bytesOut,
      keyspace_hits: counters.found,
      keyspace_misses: counters.missing,
      total_error_replies: counters.errors.redis,
    },
    replication: { role: 'master', connected_slaves: 0 },
    cluster: { cluster_enabled: 0 },
    keyspace: Object.fromEntries(
      host.databases
        .filter(({ hasKeys }) => hasKeys)
        .map((database) => {
          const { rowCount } = database.current()
          return [`db${database.index}`, `keys=${rowCount},expires=0,avg_ttl=0`]
        }),
    ),
    shardyfusion: Object.fromEntries(
      host.databases.flatMap((database) => {
        const name = `db${database.index}`
        const { runId, keyEncoding, rowCount } = database.current()
        const { status, ageMs } = database.anyReader.health()
        const kind = database.hasKeys
          ? [`${name}_key_encoding`, keyEncoding]
          : [`${name}_vectors`, rowCount]
        return [
          [`${name}_name`, database.name],
          [`${name}_run_id`, runId],
          kind,
          [`${name}_status`, status],
          [`${name}_age_seconds`, Math.round(ageMs / 1000)],
        ]
      }),
    ),
  }
  const isAll =
    asked.length === 0 || asked.some((name) => ['all', 'default', 'everything'].includes(name))
  return Object.entries(sections)
    .filter(([name]) => isAll || asked.includes(name))
    .map(([name, fields]) => {
      const title = `# ${name.charAt(0).toUpperCase()}${name.slice(1)}`
      return `${[title, ...Object.entries(fields).map(([k, v]) => `${k}:${v}`)].join('\r\n')}\r\n`
    })
    .join('\r\n')
}

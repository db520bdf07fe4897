import type { TestContext } from 'node:test'
import { type LogEntry, serve, type ServeOptions, type Server } from '@shardyfusion/serve'

export interface Served {
  readonly server: Server
  readonly redisPort: number
  readonly url: string
  readonly log: LogEntry[]
}

/** Serves on free ports until the test ends. */
export async function served(t: TestContext, options: ServeOptions): Promise<Served> {
  const log: LogEntry[] = []
  const server = await serve({
    http: { port: 0 },
    redis: { port: 0 },
    log: (entry) => log.push(entry),
    ...options,
  })
  t.after(() => server.close())
  return { server, redisPort: server.redis?.port ?? 0, url: server.http?.url ?? '', log }
}

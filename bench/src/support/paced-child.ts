// Sends pipelines of GETs at a fixed rate and prints the latencies of pipelines, each from the time it was due.
import { setTimeout as delay } from 'node:timers/promises'
import { command, RedisClient } from './redis-client.js'

const [port, rows, perSecond, seconds, replyBytes] = process.argv.slice(2).map(Number) as [
  number,
  number,
  number,
  number,
  number,
]
const CONNECTIONS = 16
const PIPELINE = 16
/** Until then, the generator itself is not compiled. */
const WARM_UP_MS = 1000
const periodMs = (1000 * CONNECTIONS * PIPELINE) / perSecond

function pipeline(): Buffer {
  const commands = Array.from({ length: PIPELINE }, () => {
    const key = String(Math.floor(Math.random() * rows)).padStart(12, '0')
    return command('GET', `key:${key}`)
  })
  return Buffer.concat(commands)
}

// Made before: the load generator must not be the bottleneck.
const pipelines = Array.from({ length: 4096 }, pipeline)
const latencies: number[] = []
const startedAt = performance.now() + 100
await Promise.all(
  Array.from({ length: CONNECTIONS }, async (_, n) => {
    const client = await RedisClient.open(port, replyBytes)
    const count = Math.floor((seconds * 1000 + WARM_UP_MS) / periodMs)
    for (let i = 0; i < count; i++) {
      const dueAt = startedAt + (i + n / CONNECTIONS) * periodMs
      const early = dueAt - performance.now()
      if (early > 1) await delay(early)
      // Timers have milliseconds: a pipeline may leave a little early, and must not look faster for it.
      const startAt = Math.min(dueAt, performance.now())
      await client.send(pipelines[(i * CONNECTIONS + n) % pipelines.length]!, PIPELINE)
      if (dueAt > startedAt + WARM_UP_MS) latencies.push(performance.now() - startAt)
    }
    client.close()
  }),
)
const sorted = Float64Array.from(latencies).sort()
const at = (part: number): number => sorted[Math.floor(part * (sorted.length - 1))]!
process.stdout.write(
  `${JSON.stringify({ p50: at(0.5), p99: at(0.99), pipelines: sorted.length })}\n`,
)

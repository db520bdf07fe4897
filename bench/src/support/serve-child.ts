// Serves a snapshot over Redis in a separate process until stdin ends. Prints the port.
import { serve } from '@shardyfusion/serve'

const [prefix = '', replyCacheBytes = '0'] = process.argv.slice(2)
const server = await serve({
  databases: [{ prefix }],
  http: false,
  redis: { port: 0 },
  replyCacheBytes: Number(replyCacheBytes),
})
process.stdout.write(`${server.redis!.port}\n`)
process.stdin.resume().once('end', () => void server.close())

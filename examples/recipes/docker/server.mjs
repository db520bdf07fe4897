import { createServer } from 'node:http'
import { SnapshotReader } from '@shardyfusion/core'

const { PREFIX, CACHE_FOLDER, PORT = '8080', HOST = '0.0.0.0' } = process.env

const reader = await SnapshotReader.open({
  prefix: PREFIX,
  values: 'json',
  // Ranges of shards in local files, which outlive a restart of the container.
  ...(CACHE_FOLDER && { cache: { folder: CACHE_FOLDER, maxBytes: 10_000_000_000 } }),
  autoRefresh: { everyMs: 60_000, onError: (error) => console.error(error) },
})

const server = createServer((request, response) => {
  answer(request.url).then(
    ([status, body]) => {
      response.writeHead(status, { 'content-type': 'application/json' })
      response.end(JSON.stringify(body))
    },
    (error) => {
      console.error(error)
      response.writeHead(503).end()
    },
  )
})

async function answer(url) {
  if (url === '/health') {
    const health = reader.health()
    return [health.status === 'unhealthy' ? 503 : 200, health]
  }
  const id = /^\/products\/(\d{1,15})$/.exec(url)?.[1]
  const product = id === undefined ? undefined : await reader.get(Number(id))
  return product === undefined ? [404, { message: 'no such product' }] : [200, product]
}

server.listen(Number(PORT), HOST, () => console.log(`listening on ${server.address().port}`))
process.once('SIGTERM', () => server.close(() => void reader.close()))

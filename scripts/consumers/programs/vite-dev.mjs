// Starts Vite's development server on a free port, prints its URL, and runs until it is killed.
import { createServer } from 'vite'

const server = await createServer({ root: 'site', server: { port: 0, host: '127.0.0.1' } })
await server.listen()
console.log(`ready ${server.resolvedUrls.local[0]}`)

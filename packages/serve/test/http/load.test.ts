import assert from 'node:assert/strict'
import { test } from 'node:test'
import autocannon from 'autocannon'
import { served } from '../support/served.js'
import { numbered, published } from '../support/snapshot.js'

const REQUESTS = 3200

test('HTTP under load: every request is answered with its value', async (t) => {
  const prefix = await published({ rows: numbered(500) })
  const { url, server } = await served(t, { databases: [{ prefix }] })
  let wrong = 0
  const result = await autocannon({
    url,
    connections: 16,
    amount: REQUESTS,
    timeout: 20,
    requests: Array.from({ length: 500 }, (_, key) => ({
      path: `/v1/items/${key}`,
      onResponse: (status: number, body: string) => {
        if (status !== 200 || body !== `value-${key}`) wrong++
      },
    })),
  })
  assert.deepEqual(
    [result['2xx'], result.non2xx, result.errors, result.timeouts],
    [REQUESTS, 0, 0, 0],
  )
  assert.equal(wrong, 0)
  assert.match(await server.metrics(), new RegExp(`command="/v1/items/:key"\\} ${REQUESTS}\n`))
})

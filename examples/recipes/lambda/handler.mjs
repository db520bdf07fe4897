import '@shardyfusion/core/inline' // the engine becomes a part of the bundle
import { SnapshotReader } from '@shardyfusion/core'

const REFRESH_AFTER_MS = 60_000

// One reader for all calls of a sandbox. A failed attempt to open it is repeated by the next call.
let opening
let checkedAt = 0

function openReader() {
  opening ??= SnapshotReader.open({ prefix: process.env.PREFIX, values: 'json' }).catch((error) => {
    opening = undefined
    throw error
  })
  return opening
}

export async function handler(event) {
  const reader = await openReader()
  // Timers stop between two calls, so `autoRefresh` does not help here.
  if (Date.now() - checkedAt > REFRESH_AFTER_MS) {
    await reader.refresh()
    checkedAt = Date.now()
  }
  const id = Number(event.pathParameters?.id)
  const product = Number.isSafeInteger(id) && id >= 0 ? await reader.get(id) : undefined
  return {
    statusCode: product === undefined ? 404 : 200,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(product ?? { message: 'no such product' }),
  }
}

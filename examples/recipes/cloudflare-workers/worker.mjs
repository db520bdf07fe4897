import { SnapshotReader } from '@shardyfusion/core'

const REFRESH_AFTER_MS = 60_000

// One reader for all requests of an isolate. A failed attempt to open it is repeated by the next request.
let opening
let checkedAt = 0

function openReader(prefix) {
  opening ??= SnapshotReader.open({ prefix, shardUrls: 'rebase', values: 'json' }).catch(
    (error) => {
      opening = undefined
      throw error
    },
  )
  return opening
}

export default {
  async fetch(request, env) {
    const id = /^\/products\/(\d{1,15})$/.exec(new URL(request.url).pathname)?.[1]
    if (id === undefined) return Response.json({ message: 'not found' }, { status: 404 })
    const reader = await openReader(env.PREFIX)
    if (Date.now() - checkedAt > REFRESH_AFTER_MS) {
      await reader.refresh()
      checkedAt = Date.now()
    }
    const product = await reader.get(Number(id))
    if (product === undefined) return Response.json({ message: 'no such product' }, { status: 404 })
    return Response.json(product)
  },
}

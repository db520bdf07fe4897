// A Cloudflare Worker that reads a snapshot over HTTP, and builds and reads one in memory.
import { SnapshotReader, writeSnapshot } from '@shardyfusion/core'
import { exercise, read } from '../exercise.mjs'

let kept

export default {
  async fetch(request) {
    const core = { SnapshotReader, writeSnapshot }
    try {
      await read(core, new URL(request.url).searchParams.get('data'), { shardUrls: 'rebase' })
      await exercise(core, 'memory://worker')
      // A reader outlives the request that has opened it.
      kept ??= SnapshotReader.open({
        prefix: new URL(request.url).searchParams.get('data'),
        shardUrls: 'rebase',
        values: 'json',
      })
      const reader = await kept
      for (const id of [1, 2, 3, 150]) {
        const row = await reader.get(id)
        if (row.id !== id) throw new Error(`get(${id}) of a kept reader gave ${row.id}`)
      }
      return new Response('exercise: ok')
    } catch (error) {
      return new Response(String(error?.stack ?? error), { status: 500 })
    }
  },
}

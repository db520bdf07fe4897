// A Cloudflare Worker that reads a snapshot over HTTP, and builds and reads one in memory.
import { SnapshotReader, writeSnapshot } from '@shardyfusion/core'
import { loadSlateDb } from 'slatedb-wasm'
import wasm from './slatedb.wasm'
import { exercise, read } from '../exercise.mjs'

export default {
  async fetch(request) {
    const core = { SnapshotReader, writeSnapshot }
    try {
      await loadSlateDb(wasm)
      await read(core, new URL(request.url).searchParams.get('data'), { shardUrls: 'rebase' })
      await exercise(core, 'memory://worker')
      return new Response('exercise: ok')
    } catch (error) {
      return new Response(String(error?.stack ?? error), { status: 500 })
    }
  },
}

import { slatedb } from '@shardyfusion/core'
import { type ShardEngine, wrapEngine } from '@shardyfusion/core/extend'
import { SlateDbWriter } from 'slatedb-wasm'
import { newestManifest, sealSlateDb } from '#dist/slatedb/slatedb-seal.js'
import { shardStore } from '#dist/slatedb/wasm/wasm-store.js'

/**
 * Writes shards as a live database of SlateDB does, such as the writers of other projects: several
 * manifests, tables that overlap. The SDK's own engine stores one manifest.
 */
export function liveEngine(settings: Readonly<Record<string, unknown>> = {}): ShardEngine {
  return wrapEngine(slatedb({ runtime: 'wasm' }), {
    async openWriter({ url, objects }) {
      const store = shardStore(objects, url, 'live engine')
      const writer = await SlateDbWriter.open({ store, settings })
      const sizes = async (): Promise<Map<string, number>> => {
        const found = new Map<string, number>()
        for await (const { path, size } of await store.list('')) found.set(path, size)
        return found
      }
      return {
        write: async (chunk) => writer.writePacked(chunk.buffer),
        flush: () => writer.flush(),
        async seal() {
          await writer.flush()
          await writer.close()
          const all = await sizes()
          const manifest = newestManifest(all.keys())!
          return sealSlateDb(all, manifest, (await store.get(manifest, 0))!)
        },
        bytes: async () => [...(await sizes()).values()].reduce((sum, size) => sum + size, 0),
        close: () => writer.close(),
      }
    },
  })
}

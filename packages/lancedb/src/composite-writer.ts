import type { EngineWriter, EntryChunk, ShardSeal, VectorChunk } from '@shardyfusion/core/extend'
import { VECTORS } from './vectors-folder.js'

/** Writes the keys of a shard with one engine and its vectors, if there are any, with another. */
export class CompositeWriter implements EngineWriter {
  readonly #kv: EngineWriter
  readonly #open: () => Promise<EngineWriter>
  #opening: Promise<EngineWriter> | undefined

  constructor(kv: EngineWriter, open: () => Promise<EngineWriter>) {
    this.#kv = kv
    this.#open = open
  }

  write(chunk: EntryChunk): Promise<void> {
    return this.#kv.write(chunk)
  }

  async writeVectors(chunk: VectorChunk): Promise<void> {
    this.#opening ??= this.#open()
    await (
      await this.#opening
    ).writeVectors!(chunk)
  }

  flush(): Promise<void> {
    return this.#kv.flush()
  }

  /** Vectors first: the shard exists for readers of its keys once these are sealed. */
  async seal(): Promise<ShardSeal | void> {
    const vectors = await (await this.#opening)?.seal()
    const keys = await this.#kv.seal()
    if (keys === undefined) return undefined
    const below = Object.entries(vectors?.objects ?? {}).map(([path, object]) => [
      `${VECTORS}/${path}`,
      object,
    ])
    return { ...keys, objects: { ...keys.objects, ...Object.fromEntries(below) } }
  }

  async bytes(): Promise<number> {
    return (await this.#kv.bytes()) + ((await (await this.#opening)?.bytes()) ?? 0)
  }

  async close(): Promise<void> {
    const vectors = await this.#opening?.catch(() => undefined)
    const closed = await Promise.allSettled([this.#kv.close(), vectors?.close()])
    for (const each of closed) if (each.status === 'rejected') throw each.reason
  }
}

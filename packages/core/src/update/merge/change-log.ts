import { ChunkBuilder } from '../../chunk/chunk-builder.js'
import { EntryChunk } from '../../chunk/entry-chunk.js'
import type { ScratchSpace } from '../../engine/engine.js'
import { EntrySorter } from '../../sqlite/entry-sorter.js'
import { uniqueKeys } from '../../sqlite/unique-keys.js'
import { TAG_DELETE, TAG_PUT } from './change-tags.js'

export interface ChangeLogOptions {
  /** Bytes of changes in memory; more are stored in temporary space. */
  readonly maxBytes: number
  readonly openScratch: () => Promise<ScratchSpace>
}

/** The changes of one shard so far; a later one of the same key replaces an earlier one. */
export interface ShardChanges {
  readonly shard: number
  readonly puts: number
  readonly deletes: number
  /** Bytes of keys and values. */
  readonly bytes: number
}

interface Collected {
  readonly builder: ChunkBuilder
  /** Full chunks in memory, after those in temporary space. */
  held: EntryChunk[]
  /** Bytes in memory. */
  heldBytes: number
  /** Names of the chunks in temporary space, in order. */
  readonly stored: string[]
  puts: number
  deletes: number
  bytes: number
}

/** Changes between two checks of the memory. */
const CHANGES_PER_CHECK = 256
/** Bytes of a chunk in memory. */
const CHUNK_BYTES = 256 * 1024
/** Bytes of a change in the table of offsets, and its tag. */
const BYTES_PER_CHANGE = 9
const NOTHING = new Uint8Array(0)

/**
 * Collects the changes of all shards in the order in which they come, and returns those of one shard
 * in key order.
 *
 * Memory: about `maxBytes`; then the largest shards move to temporary space.
 */
export class ChangeLog {
  readonly #options: ChangeLogOptions
  readonly #shards = new Map<number, Collected>()
  #heldBytes = 0
  #changes = 0
  #space: Promise<ScratchSpace> | undefined
  #names = 0

  constructor(options: ChangeLogOptions) {
    this.#options = options
  }

  /** Number of changes, each of one call. */
  get changes(): number {
    return this.#changes
  }

  /** Shards with changes, in order of id. */
  shards(): ShardChanges[] {
    return [...this.#shards]
      .map(([shard, { puts, deletes, bytes }]) => ({ shard, puts, deletes, bytes }))
      .sort((a, b) => a.shard - b.shard)
  }

  /** Takes a put. If it returns a promise, await it before the next change. */
  put(shard: number, key: Uint8Array, value: Uint8Array): Promise<void> | undefined {
    return this.#add(shard, key, TAG_PUT, value)
  }

  delete(shard: number, key: Uint8Array): Promise<void> | undefined {
    return this.#add(shard, key, TAG_DELETE, NOTHING)
  }

  /** Returns the changes of a shard as tagged entries, in key order; of each key the last one. May be repeated. */
  async *sorted(
    shard: number,
    { memoryBytes, chunkBytes }: { readonly memoryBytes: number; readonly chunkBytes: number },
  ): AsyncGenerator<EntryChunk> {
    const found = this.#shards.get(shard)
    if (found === undefined) return
    this.#finish(found)
    const { openScratch } = this.#options
    const sorter = new EntrySorter({ memoryBytes, openScratch })
    try {
      const space = await this.#space
      for (const name of found.stored) {
        const packed = await space!.get(name, 0, Number.MAX_SAFE_INTEGER)
        if (packed === undefined) throw new Error(`temporary space has lost ${name}`)
        await sorter.add(EntryChunk.fromBuffer(packed.buffer as ArrayBuffer))
      }
      for (const chunk of found.held) await sorter.add(chunk)
      yield* uniqueKeys(sorter.sorted(chunkBytes))
    } finally {
      await sorter.close()
    }
  }

  /** Drops the changes of a shard from memory. */
  forget(shard: number): void {
    const found = this.#shards.get(shard)
    if (found === undefined) return
    this.#heldBytes -= found.heldBytes
    found.heldBytes = 0
    found.held = []
  }

  /** Frees the temporary space; idempotent. */
  async close(): Promise<void> {
    this.#shards.clear()
    const space = await this.#space?.catch(() => undefined)
    await space?.close()
  }

  #add(shard: number, key: Uint8Array, tag: number, value: Uint8Array): Promise<void> | undefined {
    let found = this.#shards.get(shard)
    if (found === undefined) {
      // Small: there may be ten thousand shards with a few changes each.
      const builder = new ChunkBuilder(16, 1024)
      found = { builder, held: [], heldBytes: 0, stored: [], puts: 0, deletes: 0, bytes: 0 }
      this.#shards.set(shard, found)
    }
    found.builder.pushTagged(key, tag, value)
    const bytes = key.length + value.length
    if (tag === TAG_PUT) found.puts++
    else found.deletes++
    found.bytes += bytes
    found.heldBytes += bytes + BYTES_PER_CHANGE
    this.#heldBytes += bytes + BYTES_PER_CHANGE
    if (found.builder.bytes >= CHUNK_BYTES) this.#finish(found)
    const isDue = ++this.#changes % CHANGES_PER_CHECK === 0 || bytes > CHUNK_BYTES
    return isDue && this.#heldBytes > this.#options.maxBytes ? this.#relieve() : undefined
  }

  #finish(found: Collected): void {
    if (found.builder.count > 0) found.held.push(found.builder.finish())
  }

  /** Stores the largest shards until half of the memory is free. */
  async #relieve(): Promise<void> {
    const largest = [...this.#shards.values()].sort((a, b) => b.heldBytes - a.heldBytes)
    for (const found of largest) {
      if (this.#heldBytes <= this.#options.maxBytes / 2) return
      await this.#store(found)
    }
  }

  async #store(found: Collected): Promise<void> {
    this.#finish(found)
    const space = await (this.#space ??= this.#options.openScratch())
    for (const chunk of found.held) {
      const name = `changes-${this.#names++}`
      await space.put(name, new Uint8Array(chunk.buffer))
      found.stored.push(name)
    }
    this.#heldBytes -= found.heldBytes
    found.heldBytes = 0
    found.held = []
  }
}

import type { SlateDbTableUpdate } from 'slatedb-wasm'
import { closeOnce } from '../../async/close-once.js'
import { yieldIfDue } from '../../async/yield-if-due.js'
import type { EntryChunk } from '../../chunk/entry-chunk.js'
import type { EngineUpdate, UpdateCounts } from '../../engine/engine.js'
import type { ShardSeal } from '../../engine/shard-seal.js'
import { sealSlateDb } from '../slatedb-seal.js'
import { WasmCalls } from './wasm-calls.js'

/** Writes one shard from the blocks of another one; its rows stay in the engine. */
export class WasmUpdate implements EngineUpdate {
  readonly #update: SlateDbTableUpdate
  readonly #calls: WasmCalls
  readonly close: () => Promise<void>

  constructor(update: SlateDbTableUpdate, url: string) {
    this.#update = update
    this.#calls = new WasmCalls(url)
    this.close = closeOnce(() => update.close())
  }

  async add(changes: EntryChunk | undefined): Promise<void> {
    await this.#calls.run('update', () => this.#update.addPacked(changes?.buffer))
  }

  async step(): Promise<boolean> {
    const turn = yieldIfDue()
    if (turn !== undefined) await turn
    return this.#calls.run('update', () => this.#update.step())
  }

  counts(): UpdateCounts {
    this.#calls.check()
    const [minKey, maxKey] = this.#update.bounds ?? []
    return { ...this.#update.counts, minKey, maxKey }
  }

  async seal(): Promise<ShardSeal> {
    const { rows, manifest, sizes } = await this.#calls.run('seal', () => this.#update.seal())
    await this.close()
    return { ...(await sealSlateDb(sizes, manifest.path, manifest.bytes)), keys: rows }
  }

  async bytes(): Promise<number> {
    return this.#update.bytes
  }
}

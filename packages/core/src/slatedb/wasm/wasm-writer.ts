import type { SlateDbTableWriter } from 'slatedb-wasm'
import type { EntryChunk } from '../../chunk/entry-chunk.js'
import { closeOnce, runAll } from '../../async/close-once.js'
import { yieldIfDue } from '../../async/yield-if-due.js'
import type { EngineWriter } from '../../engine/engine.js'
import type { ShardSeal } from '../../engine/shard-seal.js'
import { sealSlateDb } from '../slatedb-seal.js'
import type { ScratchParts } from './scratch-parts.js'
import { WasmCalls } from './wasm-calls.js'

/** Writes one shard; a chunk crosses unchanged, in one call. Rows are stored when it is sealed. */
export class WasmWriter implements EngineWriter {
  readonly #writer: SlateDbTableWriter
  readonly #calls: WasmCalls
  readonly close: () => Promise<void>

  constructor(writer: SlateDbTableWriter, url: string, parts: ScratchParts | undefined) {
    this.#writer = writer
    this.#calls = new WasmCalls(url)
    this.close = closeOnce(() =>
      runAll([() => writer.close(), async () => parts?.close()], 'wasm engine: close'),
    )
  }

  async write(chunk: EntryChunk): Promise<void> {
    if (chunk.count === 0) return
    await yieldIfDue()
    await this.#calls.run('write', () => this.#writer.writePacked(chunk.buffer))
  }

  async flush(): Promise<void> {
    this.#calls.check()
  }

  async seal(): Promise<ShardSeal> {
    const { rows, manifest, sizes } = await this.#calls.run('seal', () => this.#writer.seal())
    await this.close()
    return { ...(await sealSlateDb(sizes, manifest.path, manifest.bytes)), keys: rows }
  }

  async bytes(): Promise<number> {
    return this.#writer.bytes
  }
}

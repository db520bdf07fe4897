import { ChunkBuilder } from '../../chunk/chunk-builder.js'
import type { EntryChunk } from '../../chunk/entry-chunk.js'
import { MAX_MANIFEST_SHARDS } from '../../snapshot/max-manifest-shards.js'
import type { CelRouter } from '../../routing/cel/cel-router.js'
import type { RoutingToken } from '../../routing/cel/cel-token.js'
import { routingError } from '../../errors/error-factories.js'
import { inferRoutingValues, validateRoutingValues } from '../../routing/routing-values.js'
import type { ShardRouter } from '../../routing/shard-router.js'
import type { Key, RoutingContext, RoutingValue } from '../../types.js'
import { type ShardSpool, Spool } from '#node/build/rows/spool'

const MAX_BATCH_BYTES = 256 * 1024
const MAX_BUFFERED_BYTES = 16 * 1024 * 1024

interface Rows {
  readonly batch: ChunkBuilder
  readonly spool: ShardSpool
}

/**
 * Stores the rows of a build on local disk, by value, until all of its routing values are known.
 *
 * Memory: 16 MiB of rows, and some hundred bytes for each value. Disk: all keys and values, once.
 */
export class InferredShards {
  readonly #router: CelRouter
  readonly #spool: Spool
  readonly #values = new DistinctValues('SnapshotWriter.put')
  readonly #rows = new Map<RoutingToken, Rows>()
  #buffered = 0

  private constructor(router: CelRouter, spool: Spool) {
    this.#router = router
    this.#spool = spool
  }

  /** `router` is a CEL router. */
  static async open(router: ShardRouter, directory: string | undefined): Promise<InferredShards> {
    return new InferredShards(router as CelRouter, await Spool.open(directory))
  }

  /** Takes a row. If it returns a promise, await it before the next row. */
  push(
    key: Key,
    stored: Uint8Array,
    value: Uint8Array,
    context: RoutingContext | undefined,
  ): Promise<void> | undefined {
    const token = this.#router.token(key, context)
    let rows = this.#rows.get(token)
    if (rows === undefined) {
      this.#values.add(token)
      rows = { batch: new ChunkBuilder(8, 512), spool: this.#spool.shard() }
      this.#rows.set(token, rows)
    }
    const { batch } = rows
    batch.push(stored, value)
    this.#buffered += stored.length + value.length
    if (this.#buffered >= MAX_BUFFERED_BYTES) return this.#flushAll()
    return batch.bytes >= MAX_BATCH_BYTES ? this.#flush(rows) : undefined
  }

  /** Returns the values, in the order of their shards. */
  values(): RoutingValue[] {
    return this.#values.sorted()
  }

  /**
   * Yields all rows, those of a shard in their original order. Shards take turns, so that they are
   * written at the same time.
   */
  async *batches(): AsyncGenerator<readonly [shard: number, chunk: EntryChunk]> {
    await this.#flushAll()
    let open = this.values().map(
      (value, shard) =>
        [shard, this.#rows.get(value)!.spool.batches()[Symbol.asyncIterator]()] as const,
    )
    while (open.length > 0) {
      const rest: typeof open = []
      for (const one of open) {
        const { done, value } = await one[1].next()
        if (done === true) continue
        // Writers refuse vectors with inferred values.
        yield [one[0], value as EntryChunk]
        rest.push(one)
      }
      open = rest
    }
  }

  /** Frees the disk space. */
  close(): Promise<void> {
    return this.#spool.close()
  }

  async #flushAll(): Promise<void> {
    for (const rows of this.#rows.values()) if (rows.batch.count > 0) await this.#flush(rows)
  }

  #flush({ batch, spool }: Rows): Promise<void> {
    this.#buffered -= batch.bytes
    return spool.append(batch.finish())
  }
}

/**
 * Collects routing values. Errors: SHARD_ROUTING for bytes, values of two types, or too many of
 * them.
 */
export class DistinctValues {
  readonly #where: string
  readonly #values = new Set<RoutingToken>()

  constructor(where: string) {
    this.#where = where
  }

  add(value: RoutingToken): void {
    if (this.#values.has(value)) return
    const [first = value] = this.#values
    validateRoutingValues(first === value ? [value] : [first, value], this.#where)
    if (this.#values.size === MAX_MANIFEST_SHARDS) {
      throw routingError(
        this.#where,
        `sharding.values: 'infer' makes a shard of every value of the expression, and there are more than ` +
          `${MAX_MANIFEST_SHARDS}; spread them with shard_hash(…) % 64u and shards: 64`,
        { peer: 'ConfigValidationError' },
      )
    }
    this.#values.add(value)
  }

  /** Returns the values ascending: integers by number, text by code point. */
  sorted(): RoutingValue[] {
    return inferRoutingValues(this.#values, this.#where)
  }
}

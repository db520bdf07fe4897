import { engineError } from '../errors/error-factories.js'
import { isErrorNamed } from '../errors/is-error.js'
import { parseJson } from '../text/lossless-json.js'
import { decodeId, encodeId, type VectorId } from './vector-chunk.js'

// The packed layout of a HitChunk. Little-endian words of 32 bits unless noted:
//
//   word 0   magic "SFH1"
//   word 1   queries
//   word 2   hits         of all queries together
//   word 3   dataBytes    bytes of ids and payloads
//   byte 16  scores[hits] of float64
//   then     ends[queries]: end of the hits of query q
//   then     shards[hits]
//   then     ends[2 * hits]: end of id i, end of payload i
//   then     id 0, payload 0, id 1, payload 1, … as in a VectorChunk

const MAGIC = 0x31484653
const SCORES_OFFSET = 16

/** One hit before packing. */
export interface PackedHit {
  /** Id of the vector. */
  readonly id: VectorId
  /** Distance to the query; lower is nearer. */
  readonly score: number
  /** Number of the shard of the vector. */
  readonly shard: number
  /** JSON text, or `undefined`. */
  readonly payload: Uint8Array | undefined
}

/**
 * The results of many queries packed in one `ArrayBuffer`, for pipelines and other threads.
 *
 * Shape: hits of query q are numbers `start(q)` up to `end(q)`, nearest first. Ids and payloads are
 * decoded when they are asked for.
 */
export class HitChunk {
  /** All hits, in one buffer. */
  readonly buffer: ArrayBuffer
  /** Number of queries. */
  readonly queries: number
  /** Number of hits of all queries together. */
  readonly count: number
  /** Distances by hit; a smaller one is nearer. */
  readonly scores: Float64Array
  /** Shards by hit. */
  readonly shards: Uint32Array
  readonly #queryEnds: Uint32Array
  readonly #ends: Uint32Array
  readonly #data: Uint8Array

  private constructor(buffer: ArrayBuffer, queries: number, count: number, dataBytes: number) {
    this.buffer = buffer
    this.queries = queries
    this.count = count
    let at = SCORES_OFFSET
    this.scores = new Float64Array(buffer, at, count)
    this.#queryEnds = new Uint32Array(buffer, (at += 8 * count), queries)
    this.shards = new Uint32Array(buffer, (at += 4 * queries), count)
    this.#ends = new Uint32Array(buffer, (at += 4 * count), 2 * count)
    this.#data = new Uint8Array(buffer, at + 8 * count, dataBytes)
  }

  /** Packs the hits of each query. */
  static pack(results: readonly (readonly PackedHit[])[]): HitChunk {
    const hits = results.flat()
    const parts = hits.flatMap(({ id, payload }) => [encodeId(id), payload ?? new Uint8Array(0)])
    const dataBytes = parts.reduce((sum, part) => sum + part.length, 0)
    const buffer = new ArrayBuffer(byteLength(results.length, hits.length, dataBytes))
    new Uint32Array(buffer, 0, 4).set([MAGIC, results.length, hits.length, dataBytes])
    const chunk = new HitChunk(buffer, results.length, hits.length, dataBytes)
    let end = 0
    for (const [q, found] of results.entries()) chunk.#queryEnds[q] = end += found.length
    for (const [i, { score, shard }] of hits.entries()) {
      chunk.scores[i] = score
      chunk.shards[i] = shard
    }
    let at = 0
    for (const [i, part] of parts.entries()) {
      chunk.#data.set(part, at)
      chunk.#ends[i] = at += part.length
    }
    return chunk
  }

  /** Reads a packed buffer and checks it. Errors: SHARD_ENGINE. */
  static fromBuffer(buffer: ArrayBuffer): HitChunk {
    const header = buffer.byteLength < SCORES_OFFSET ? [] : new Uint32Array(buffer, 0, 4)
    const [magic, queries = 0, count = 0, dataBytes = 0] = header
    if (magic !== MAGIC || byteLength(queries, count, dataBytes) > buffer.byteLength) {
      throw engineError('HitChunk.fromBuffer', 'these bytes are not packed hits', { peer: null })
    }
    return new HitChunk(buffer, queries, count, dataBytes)
  }

  /** Index of the first hit of a query. */
  start(query: number): number {
    return query === 0 ? 0 : this.#queryEnds[query - 1]!
  }

  /** Index after the last hit of a query. */
  end(query: number): number {
    return this.#queryEnds[query]!
  }

  /** Id of hit `i`. */
  id(i: number): VectorId {
    return decodeId(this.#data.subarray(i === 0 ? 0 : this.#ends[2 * i - 1]!, this.#ends[2 * i]!))
  }

  /** JSON text, or `undefined`. */
  payloadText(i: number): Uint8Array | undefined {
    const bytes = this.#data.subarray(this.#ends[2 * i]!, this.#ends[2 * i + 1]!)
    return bytes.length === 0 ? undefined : bytes
  }

  /** Parsed JSON, or `undefined`. */
  payload(i: number): unknown {
    const text = this.payloadText(i)
    return text === undefined ? undefined : parsePayload(text)
  }
}

function byteLength(queries: number, hits: number, dataBytes: number): number {
  return SCORES_OFFSET + 4 * queries + 20 * hits + dataBytes
}

const decoder = new TextDecoder()

/** Parses the payload of a vector. Errors: SHARD_ENGINE for text that is not JSON. */
export function parsePayload(text: Uint8Array): unknown {
  try {
    return parseJson(decoder.decode(text), { nonFinite: true })
  } catch (cause) {
    if (!isErrorNamed(cause, 'SyntaxError')) throw cause
    throw engineError('search', `the payload of a vector is not JSON: ${cause.message}`, {
      cause,
      details: { kind: 'Data' },
    })
  }
}

import type { EngineReader } from '../../engine/engine.js'
import type { VectorId } from '../../chunk/vector-chunk.js'
import { orAbort } from '../../async/abort.js'
import { isIntegerEncoding, encodeKey } from '../../keys/stored-bytes.js'
import type { ManifestShard } from '../../snapshot/manifest/manifest.js'
import type { VectorFields } from '../../snapshot/vector-fields.js'
import type { KeyEncoding } from '../../types.js'
import type { ShardFindings } from './shard-findings.js'

/** Vectors whose ids are looked up as keys. */
const SAMPLE = 256

export interface CheckVectorsOptions {
  readonly vectors: VectorFields | undefined
  readonly keyEncoding: KeyEncoding
  readonly signal: AbortSignal | undefined
}

/** Compares the vectors of a shard with its manifest and its rows, and returns their number. */
export async function checkVectors(
  reader: EngineReader,
  shard: ManifestShard,
  { vectors, keyEncoding, signal }: CheckVectorsOptions,
  findings: ShardFindings,
): Promise<number | undefined> {
  const { dimensions, metric, unified } = vectors!
  if (reader.vectorFacts === undefined) return undefined
  const facts = await orAbort(reader.vectorFacts(), signal)
  if (facts === undefined) {
    if (!unified) findings.add('vectors', () => 'it has no vectors, but the snapshot has')
    return 0
  }
  if (facts.dimensions !== dimensions || facts.metric !== metric) {
    findings.add(
      'vectors',
      () =>
        `its vectors have ${facts.dimensions} dimensions and the metric ${facts.metric}, by the manifest ${dimensions} and ${metric}`,
    )
  }
  if (!unified && facts.count !== shard.rowCount) {
    findings.add(
      'vectors',
      () => `it has ${facts.count} vectors, by the manifest ${shard.rowCount}`,
    )
  }
  if (unified && facts.count > shard.rowCount) {
    findings.add(
      'vectors',
      () => `it has ${facts.count} vectors, but ${shard.rowCount} rows were written`,
    )
  }
  if (unified) await checkRows(reader, keyEncoding, signal, findings)
  return facts.count
}

/** If ids are keys, as by default, each vector should have a row. */
async function checkRows(
  reader: EngineReader,
  keyEncoding: KeyEncoding,
  signal: AbortSignal | undefined,
  findings: ShardFindings,
): Promise<void> {
  if (reader.sampleVectors === undefined) return
  const { ids } = await orAbort(reader.sampleVectors(SAMPLE), signal)
  const keys = ids.map((id) => keyOf(id, keyEncoding))
  const known = keys.filter((key) => key !== undefined)
  const values = known.length === 0 ? [] : await orAbort(reader.getMany(known), signal)
  const found = values.filter((value) => value !== undefined).length
  // Other ids than keys are found nowhere.
  if (found === 0 || found === ids.length) return
  const isMissing = (i: number): boolean => {
    const at = keys[i] === undefined ? -1 : known.indexOf(keys[i])
    return at < 0 || values[at] === undefined
  }
  for (const [i, id] of ids.entries()) {
    if (!isMissing(i)) continue
    findings.add(
      'vector-without-row',
      () =>
        'a vector has the id of a row that does not exist, while others have the keys of their rows',
      () => String(id),
      'warning',
    )
  }
}

function keyOf(given: VectorId, encoding: KeyEncoding): Uint8Array | undefined {
  // LanceDB stores integers as text.
  const isText =
    isIntegerEncoding(encoding) && typeof given === 'string' && /^\d{1,20}$/.test(given)
  const id = isText ? BigInt(given) : given
  if ((typeof id === 'bigint') !== isIntegerEncoding(encoding)) return undefined
  if (encoding === 'raw') return hexBytes(id as string)
  try {
    return encodeKey(id, encoding, 'verifySnapshot')
  } catch {
    return undefined
  }
}

/** Bytes have hexadecimal digits as ids. */
function hexBytes(text: string): Uint8Array | undefined {
  const pairs = text.match(/[0-9a-f]{2}/g) ?? []
  return pairs.join('') === text
    ? Uint8Array.from(pairs, (pair) => Number.parseInt(pair, 16))
    : undefined
}

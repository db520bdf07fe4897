import { isBytes, yieldIfDue } from '@shardyfusion/core/internal'
import type { SqliteFile, SqliteFileWriter } from 'sqlite-file'
import type { CodeBlock, Kernel, RowBlock } from '../kernel/kernel.js'
import { IvfIndex, ivfBytes, type IvfParts } from './ivf-index.js'
import { parseCurves, type RecallCurve } from './recall-curve.js'

// The tables of an index, which SQLite and the Python project ignore:
//
//   sf_ivf_info    version 1, count (rows of the shard), centroids (float32), recall (JSON)
//   sf_ivf_lists   for each list the row numbers (uint32), and for each row its bias and factor (float32) and codes (int8)
//
// Numbers are little-endian.

const INFO_TABLE = 'CREATE TABLE sf_ivf_info (key TEXT PRIMARY KEY, value)'
const LISTS_TABLE =
  'CREATE TABLE sf_ivf_lists (list INTEGER PRIMARY KEY, rows BLOB NOT NULL, biases BLOB NOT NULL, factors BLOB NOT NULL, codes BLOB NOT NULL)'
const VERSION = 1
/** Lists read at a time. */
const LISTS_PER_READ = 64

/** An index of a shard, before its lists are in memory. */
export interface StoredIvf {
  readonly centroids: Float32Array
  readonly lists: number
  readonly bytes: number
  readonly curves: readonly RecallCurve[]
  load(kernel: Kernel, signal: AbortSignal | undefined): Promise<IvfIndex>
}

/** Groups rows by list, in their order. */
export function listsOf(
  assigned: Uint32Array,
  lists: number,
): { starts: Uint32Array; rows: Uint32Array } {
  const starts = new Uint32Array(lists + 1)
  for (const list of assigned) starts[list + 1]!++
  for (let list = 0; list < lists; list++) starts[list + 1]! += starts[list]!
  const next = starts.slice()
  const rows = new Uint32Array(assigned.length)
  for (const [row, list] of assigned.entries()) rows[next[list]!++] = row
  return { starts, rows }
}

/** Makes the codes of all rows, in the order of the lists. */
export async function fillCodes(
  kernel: Kernel,
  into: CodeBlock,
  { dimensions, metric, rows }: IvfParts,
  blocks: readonly RowBlock[],
  rowsPerBlock: number,
): Promise<void> {
  const placeOf = new Uint32Array(rows.length)
  for (const [position, row] of rows.entries()) placeOf[row] = position
  const codes = kernel.reserve(Math.max(16, rowsPerBlock * dimensions))
  const scales = kernel.reserve(4 * Math.max(4, rowsPerBlock))
  try {
    for (const block of blocks) {
      kernel.quantize(block.rows, 0, block.count, dimensions, codes, scales)
      const [from, to] = [codes.bytesView(), into.codes.bytesView()]
      const [scale, inverse] = [scales.floats(), block.inverseNorms.floats()]
      const [biases, factors] = [into.biases.floats(), into.factors.floats()]
      for (let i = 0; i < block.count; i++) {
        const at = placeOf[block.first + i]!
        to.set(from.subarray(i * dimensions, (i + 1) * dimensions), at * dimensions)
        // See CodeBlock: 1 - cos, or the squared distance without the square of the query.
        const isCosine = metric === 'cosine'
        biases[at] = isCosine ? 1 : squareOf(inverse[i]!)
        factors[at] = isCosine ? -scale[i]! * inverse[i]! : -2 * scale[i]!
      }
      await yieldIfDue()
    }
  } finally {
    kernel.release(codes)
    kernel.release(scales)
  }
}

function squareOf(inverseNorm: number): number {
  return inverseNorm === 0 ? 0 : 1 / (inverseNorm * inverseNorm)
}

export async function writeIvf(
  file: SqliteFileWriter,
  { dimensions, centroids, starts, rows }: IvfParts,
  { codes, biases, factors }: CodeBlock,
  curves: readonly RecallCurve[],
): Promise<void> {
  const info = file.createTable(INFO_TABLE)
  info.add(['version', VERSION])
  info.add(['count', rows.length])
  info.add(['centroids', bytesOf(centroids)])
  info.add(['recall', JSON.stringify(curves)])
  const table = file.createTable(LISTS_TABLE)
  for (let list = 0; list + 1 < starts.length; list++) {
    const [from, to] = [starts[list]!, starts[list + 1]!]
    table.add([
      list,
      bytesOf(rows.subarray(from, to)),
      bytesOf(biases.floats().subarray(from, to)),
      bytesOf(factors.floats().subarray(from, to)),
      codes.bytesView().slice(from * dimensions, to * dimensions),
    ])
    await table.ready()
    await yieldIfDue()
  }
}

/** The index of a shard; `undefined` if it has none, or one that does not belong to its rows. */
export async function readIvf(
  file: SqliteFile,
  { dimensions, metric, count }: { dimensions: number; metric: IvfParts['metric']; count: number },
  signal: AbortSignal | undefined,
): Promise<StoredIvf | undefined> {
  if (!file.schema.tableNames.includes('sf_ivf_info')) return undefined
  const facts = new Map<unknown, unknown>()
  for await (const found of file.table('sf_ivf_info').scan({}, { signal }))
    for (const [key, value] of found) facts.set(key, value)
  const centroids = facts.get('centroids')
  const isOurs =
    facts.get('version') === VERSION &&
    facts.get('count') === count &&
    isBytes(centroids) &&
    centroids.length > 0 &&
    centroids.length % (4 * dimensions) === 0
  if (!isOurs) return undefined
  let curves: RecallCurve[]
  try {
    curves = parseCurves(facts.get('recall'))
  } catch {
    return undefined
  }
  const values = floatsOf(centroids)
  const lists = values.length / dimensions
  return {
    centroids: values,
    lists,
    bytes: ivfBytes(count, dimensions, lists),
    curves,
    load: (kernel, call) =>
      load(file, { dimensions, metric, centroids: values, count }, kernel, call),
  }
}

async function load(
  file: SqliteFile,
  o: { dimensions: number; metric: IvfParts['metric']; centroids: Float32Array; count: number },
  kernel: Kernel,
  signal: AbortSignal | undefined,
): Promise<IvfIndex> {
  const { dimensions, count } = o
  const lists = o.centroids.length / dimensions
  const starts = new Uint32Array(lists + 1)
  const rows = new Uint32Array(count)
  const index = new IvfIndex(kernel, { ...o, starts, rows })
  try {
    const table = file.table('sf_ivf_lists')
    for (let first = 0; first < lists; first += LISTS_PER_READ) {
      const numbers = Array.from(
        { length: Math.min(LISTS_PER_READ, lists - first) },
        (_, i) => first + i,
      )
      const found = await table.getMany(numbers, { signal, cache: false })
      for (const [i, row] of found.entries()) {
        const at = starts[first + i]!
        starts[first + i + 1] = at + take(row ?? [], at, dimensions, rows, index.codes)
      }
    }
    if (starts[lists] !== count || !isPermutation(rows)) throw new RangeError('rows are missing')
    return index
  } catch (error) {
    index.release()
    throw error
  }
}

/** Takes one list, and returns its number of rows. Errors: RangeError if its parts do not fit. */
function take(
  [, numbers, biases, factors, codes]: readonly unknown[],
  at: number,
  dimensions: number,
  rows: Uint32Array,
  into: CodeBlock,
): number {
  if (!(isBytes(numbers) && isBytes(biases) && isBytes(factors) && isBytes(codes)))
    throw new RangeError('a list is missing')
  const count = numbers.length / 4
  const isFit =
    Number.isInteger(count) &&
    biases.length === numbers.length &&
    factors.length === numbers.length &&
    codes.length === count * dimensions &&
    at + count <= rows.length
  if (!isFit) throw new RangeError('a list has parts of different lengths')
  const view = new DataView(numbers.buffer, numbers.byteOffset, numbers.byteLength)
  for (let i = 0; i < count; i++) rows[at + i] = view.getUint32(4 * i, true)
  into.codes.bytesView().set(codes, at * dimensions)
  into.biases.floats().set(floatsOf(biases), at)
  into.factors.floats().set(floatsOf(factors), at)
  return count
}

function isPermutation(rows: Uint32Array): boolean {
  const seen = new Uint8Array(rows.length)
  for (const row of rows) {
    if (row >= rows.length || seen[row] === 1) return false
    seen[row] = 1
  }
  return true
}

function bytesOf(values: Float32Array | Uint32Array): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength).slice()
}

function floatsOf(bytes: Uint8Array): Float32Array {
  const own = new Uint8Array(bytes)
  return new Float32Array(own.buffer)
}

import { isBytes, yieldIfDue } from '@shardyfusion/core/internal-vector'
import type { Row, SqliteFile, SqliteFileWriter, SqlValue } from 'sqlite-file'
import type { CodeBlock, Kernel, RowBlock } from '../kernel/kernel.js'
import { IvfIndex, ivfBytes, type IvfParts } from './ivf-index.js'
import { parseCurves, type RecallCurve } from './recall-curve.js'

// The tables of an index, which SQLite and the Python project ignore:
//
//   sf_ivf_centroids  one row with all centroids (float32)
//   sf_ivf_lists      for each list the row numbers (uint32), and for each row its bias and factor (float32) and codes (int8)
//   sf_info           ivf_version 1, ivf_lists, ivf_recall (JSON), next to the facts about the file
//
// Numbers are little-endian.

const CENTROIDS_TABLE =
  'CREATE TABLE sf_ivf_centroids (id INTEGER PRIMARY KEY, centroids BLOB NOT NULL)'
const LISTS_TABLE =
  'CREATE TABLE sf_ivf_lists (list INTEGER PRIMARY KEY, rows BLOB NOT NULL, biases BLOB NOT NULL, factors BLOB NOT NULL, codes BLOB NOT NULL)'
const VERSION = 1
const MAX_LISTS = 1 << 20
/** Bytes of lists read at a time. */
const GROUP_BYTES = 128 << 20

/** An index of a shard, before its lists are in memory. */
export interface StoredIvf {
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
  { dimensions, metric, rows }: Pick<IvfParts, 'dimensions' | 'metric' | 'rows'>,
  blocks: readonly RowBlock[],
): Promise<void> {
  const placeOf = new Uint32Array(rows.length)
  for (const [position, row] of rows.entries()) placeOf[row] = position
  const most = Math.max(4, ...blocks.map(({ count }) => count))
  const places = kernel.reserve(4 * most)
  try {
    for (const block of blocks) {
      const own = placeOf.subarray(block.first, block.first + block.count)
      places.words().set(own)
      // The scales are in the place of the factors first.
      kernel.quantize(block.rows, 0, block.count, dimensions, into.codes, into.factors, places)
      const inverse = block.inverseNorms.floats()
      const [biases, factors] = [into.biases.floats(), into.factors.floats()]
      for (let i = 0; i < block.count; i++) {
        const at = own[i]!
        // See CodeBlock: 1 - cos, or the squared distance without the square of the query.
        const isCosine = metric === 'cosine'
        const scale = factors[at]!
        biases[at] = isCosine ? 1 : squareOf(inverse[i]!)
        factors[at] = isCosine ? -scale * inverse[i]! : -2 * scale
      }
      const turn = yieldIfDue()
      if (turn !== undefined) await turn
    }
  } finally {
    kernel.release(places)
  }
}

function squareOf(inverseNorm: number): number {
  return inverseNorm === 0 ? 0 : 1 / (inverseNorm * inverseNorm)
}

/** Writes the tables, and returns the facts for `sf_info`. */
export async function writeIvf(
  file: SqliteFileWriter,
  { dimensions, centroids, starts, rows }: IvfParts & { readonly starts: Uint32Array },
  { codes, biases, factors }: CodeBlock,
  curves: readonly RecallCurve[],
): Promise<readonly (readonly [string, SqlValue])[]> {
  file.createTable(CENTROIDS_TABLE).add([1, bytesOf(centroids)])
  const table = file.createTable(LISTS_TABLE)
  const lists = starts.length - 1
  for (let list = 0; list < lists; list++) {
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
  return [
    ['ivf_version', VERSION],
    ['ivf_lists', lists],
    ['ivf_recall', JSON.stringify(curves)],
  ]
}

/** The index of a shard by the facts about its file; `undefined` if it has none, or one of another version. */
export function storedIvf(
  file: SqliteFile,
  facts: ReadonlyMap<string, SqlValue>,
  o: { dimensions: number; metric: IvfParts['metric']; count: number },
): StoredIvf | undefined {
  const lists = facts.get('ivf_lists')
  if (facts.get('ivf_version') !== VERSION) return undefined
  if (typeof lists !== 'number' || !(lists > 0 && lists <= MAX_LISTS)) return undefined
  let curves: RecallCurve[]
  try {
    curves = parseCurves(facts.get('ivf_recall'))
  } catch {
    return undefined
  }
  return {
    bytes: ivfBytes(o.count, o.dimensions, lists),
    curves,
    load: (kernel, signal) => load(file, { ...o, lists }, kernel, signal),
  }
}

async function load(
  file: SqliteFile,
  o: { dimensions: number; metric: IvfParts['metric']; count: number; lists: number },
  kernel: Kernel,
  signal: AbortSignal | undefined,
): Promise<IvfIndex> {
  const { dimensions, count, lists } = o
  const starts = new Uint32Array(lists + 1)
  const rows = new Uint32Array(count)
  const table = file.table('sf_ivf_lists')
  const perGroup = Math.max(1, Math.floor((GROUP_BYTES * lists) / (count * (dimensions + 12) + 1)))
  const group = (first: number): Promise<(Row | undefined)[]> => {
    const numbers = Array.from({ length: Math.min(perGroup, lists - first) }, (_, i) => first + i)
    return table.getMany(numbers, { signal, cache: false })
  }
  const [[, stored] = [], firstGroup] = await Promise.all([
    file.table('sf_ivf_centroids').get(1, { signal }),
    group(0),
  ])
  if (!isBytes(stored) || stored.length !== 4 * lists * dimensions)
    throw new RangeError('the centroids have another size')
  const index = new IvfIndex(kernel, { ...o, centroids: floatsOf(stored), rows })
  try {
    let found = firstGroup
    for (let first = 0; first < lists;) {
      for (const [i, row] of found.entries()) {
        const at = starts[first + i]!
        starts[first + i + 1] = at + take(row ?? [], at, dimensions, rows, index.codes)
      }
      first += found.length
      if (first < lists) found = await group(first)
    }
    if (starts[lists] !== count || !isPermutation(rows)) throw new RangeError('rows are missing')
    index.start(starts)
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

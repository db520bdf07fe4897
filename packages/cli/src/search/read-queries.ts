import { readFile } from 'node:fs/promises'
import { BadRow } from '../input/bad-row.js'
import { openInput } from '../input/open-input.js'
import { textLines } from '../input/text-lines.js'
import { numbersOfText } from '../input/vector-column.js'
import { Failure, UsageError } from '../util/usage-error.js'

/** The most queries of one call: they and their results are in memory together. */
const MAX_QUERIES = 100_000

export interface QueryFlags {
  readonly vectorFile?: string
}

/**
 * Reads the queries of a search: from arguments, a `.npy` file, or lines of a file or stdin.
 *
 * Errors: UsageError for arguments that are not vectors; Failure that names the line.
 */
export async function readQueries(
  args: readonly string[],
  { vectorFile }: QueryFlags,
  command: string,
): Promise<Float32Array[]> {
  if (vectorFile !== undefined && args.length > 0)
    throw new UsageError(`${command}: pass vectors or --vector-file, not both`)
  if (vectorFile?.endsWith('.npy') === true) return npyQueries(vectorFile)
  const isStdin = args.length === 0 || (args.length === 1 && args[0] === '-')
  if (vectorFile === undefined && !isStdin) return args.map((text) => fromArgument(text, command))
  const queries: Float32Array[] = []
  const input = openInput(vectorFile ?? '-')
  let line = 0
  for await (const text of textLines(input)) {
    line++
    if (text.trim() === '') continue
    queries.push(fromLine(text, `${input.name}:${line}`))
    if (queries.length > MAX_QUERIES)
      throw new Failure(
        `${input.name}: expected at most ${MAX_QUERIES} queries, got more; split them`,
      )
  }
  if (queries.length > 0) return queries
  throw new Failure(
    `${input.name}: expected vectors, one for each line, such as [0.1, 0.2], got none`,
  )
}

function fromArgument(text: string, command: string): Float32Array {
  try {
    return Float32Array.from(numbersOfText(text, 'query'))
  } catch (error) {
    if (!(error instanceof BadRow)) throw error
    throw new UsageError(
      `${command}: a query must be a list of numbers, such as [0.1, 0.2], got ${JSON.stringify(text.slice(0, 60))}; ` +
        `the key of a row needs --like`,
    )
  }
}

/** A line is a list of numbers, or an object with the member `vector`. */
function fromLine(text: string, place: string): Float32Array {
  try {
    if (!text.trimStart().startsWith('{')) return Float32Array.from(numbersOfText(text, 'query'))
    const { vector } = JSON.parse(text) as { vector?: unknown }
    if (Array.isArray(vector) && vector.every((value) => typeof value === 'number'))
      return Float32Array.from(vector as number[])
    throw new BadRow('an object must have the member "vector", a list of numbers')
  } catch (error) {
    throw new Failure(`${place}: ${(error as Error).message}`, { cause: error })
  }
}

async function npyQueries(file: string): Promise<Float32Array[]> {
  const { readNpy } = await import('@shardyfusion/vector')
  const bytes = await readFile(file)
  try {
    const { rows, columns, values } = readNpy(bytes)
    const all = Float32Array.from(values)
    return Array.from({ length: rows }, (_, i) => all.subarray(i * columns, (i + 1) * columns))
  } catch (error) {
    throw new Failure(`${file}: ${(error as Error).message}`, { cause: error })
  }
}

// Loads newline-delimited JSON into a snapshot: node examples/dist/bulk-load.js rows.ndjson.gz --key id --prefix ./rows
import {
  type BuildProgress,
  isShardyfusionError,
  type Key,
  writeSnapshot,
} from '@shardyfusion/core'
import { parseCommandLine, toPrefix, wholeNumber } from './support/command-line.js'
import { formatBytes, formatCount } from './support/format.js'
import { NdjsonReader, type Row } from './support/ndjson-reader.js'
import { type Main, runIfMain, usageFailure } from './support/program.js'
import { withProgress } from './support/progress-line.js'

const USAGE = `Usage: bulk-load <file | -> --prefix <where> --key <field> [options]

Publishes one snapshot with a row per line of JSON. The value is the unchanged line, the key is one of its
fields. If two rows have the same key, the later one wins. Ctrl-C publishes nothing.

  <file | ->             newline-delimited JSON, gzip if the name ends in .gz; - reads stdin
  --prefix <where>       a file:///… URL or a folder
  --key <field>          the field that contains the key
  --key-encoding <name>  u64be for integers (default; quoted digits are accepted), utf8 for text
  --shards <n>           number of shards (default 8)
  --allow-empty          publish an empty snapshot if the input has no rows`

const OPTIONS = {
  prefix: { type: 'string' },
  key: { type: 'string' },
  'key-encoding': { type: 'string', default: 'u64be' },
  shards: { type: 'string' },
  'allow-empty': { type: 'boolean', default: false },
  help: { type: 'boolean', short: 'h' },
} as const

export const main: Main = async (args, { stdin, stdout, stderr, signal }) => {
  const command = { args, options: OPTIONS, allowPositionals: true }
  const { values, positionals } = parseCommandLine(command, USAGE)
  if (values.help) {
    stdout.write(`${USAGE}\n`)
    return
  }
  const [file, ...more] = positionals
  const { prefix, key, 'key-encoding': keyEncoding } = values
  if (file === undefined || more.length > 0) throw usageFailure('expected one file, or -', USAGE)
  if (prefix === undefined || key === undefined)
    throw usageFailure('--prefix and --key are required', USAGE)
  if (keyEncoding !== 'u64be' && keyEncoding !== 'utf8')
    throw usageFailure(`--key-encoding must be u64be or utf8, got "${keyEncoding}"`, USAGE)

  const source = new NdjsonReader(file, stdin, signal)
  let phase = 'writing' as BuildProgress['phase']
  try {
    const published = await withProgress(stderr, (show) =>
      writeSnapshot(values['allow-empty'] ? source.rows() : atLeastOne(source), {
        prefix: toPrefix(prefix),
        sharding: { shards: wholeNumber(values.shards, 8, 'shards', USAGE) },
        keyEncoding,
        key: (row) => keyOf(row, key, keyEncoding, source),
        value: (row) => row.text,
        values: 'utf8',
        keyColumn: key,
        onProgress: (progress) => {
          phase = progress.phase
          show(progress)
        },
        signal,
      }),
    )
    const { rowCount, bytes, shards, runId } = published
    const size = `${formatCount(rowCount)} rows, ${shards.length} shards, ${formatBytes(bytes)}`
    stdout.write(`published run ${runId}: ${size}\n`)
  } catch (error) {
    // Publishing cannot be aborted between its first and last step.
    if (phase !== 'publishing') stderr.write('Nothing was published.\n')
    if (!isShardyfusionError(error) || !('record' in error.details)) throw error
    throw source.failure((error.cause as Error).message, error)
  }
}

function keyOf(
  { data }: Row,
  field: string,
  keyEncoding: 'u64be' | 'utf8',
  source: NdjsonReader,
): Key {
  if (typeof data !== 'object' || data === null || !Object.hasOwn(data, field))
    throw source.failure(`expected an object with the field "${field}"`)
  const key = (data as Record<string, Key>)[field]!
  // JSON numbers are exact only up to 2^53, so larger ids are strings.
  return keyEncoding === 'u64be' && typeof key === 'string' && /^\d{1,20}$/.test(key)
    ? BigInt(key)
    : key
}

/** Rejects empty input: usually an earlier step has failed, and readers must keep the previous snapshot. */
async function* atLeastOne(source: NdjsonReader): AsyncGenerator<Row> {
  let empty = true
  for await (const row of source.rows()) {
    empty = false
    yield row
  }
  if (empty)
    throw source.failure(
      'expected at least one row, got none; pass --allow-empty to publish an empty snapshot',
    )
}

await runIfMain(import.meta.url, main)

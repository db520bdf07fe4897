import type { CommandSpec, OptionSpec } from '../command.js'
import { DEFAULT_SHARDS } from '../../build/default-shards.js'
import { INPUT_FORMATS } from '../../input/input-format.js'
import { PROGRESS_OPTION } from '../shared-options.js'

const VECTOR_OPTIONS: readonly OptionSpec[] = [
  {
    flags: '--vector-column <column>',
    about:
      'column that holds the vector of a row, for `shardy search`; it is not part of the value',
  },
  {
    flags: '--dimensions <n>',
    about: 'number of values of each vector',
    fallback: 'that of the first vector',
    integer: { min: 1, unit: 'values' },
  },
  {
    flags: '--metric <metric>',
    about: 'distance that searches use',
    choices: ['cosine', 'l2', 'dot_product'],
    fallback: 'cosine',
  },
  {
    flags: '--vector-id <column>',
    about: 'column of the ids in search results',
    fallback: 'the key',
  },
  {
    flags: '--payload <column>',
    about: 'column that search results repeat and that --where of `shardy search` sees',
    repeat: true,
  },
]

export const BUILD_SPECS: readonly CommandSpec[] = [
  {
    name: 'build',
    pipedAs: 'table',
    group: 'build',
    summary: 'build a snapshot from rows and publish it',
    about: `Reads newline-delimited JSON, JSON arrays, CSV or TSV from files or stdin, uncompressed or compressed with gzip or
zstd, and publishes one snapshot. Text is UTF-8, or UTF-16 with a byte order mark. Each line ends with LF or CRLF.
Readers see nothing before the build is complete. A build that fails or is stopped by Ctrl-C publishes nothing.

The key is a column. The value is a column (--value) or the whole row as JSON. Large integers keep every digit. If two
rows have the same key, the later one wins.

With --vector-column, rows also have vectors, which \`shardy search\` finds: a list of numbers in JSON and Parquet, or
text such as [0.1, 0.2] in CSV. A row whose vector is null or empty has only a key.`,
    args: [
      {
        name: 'input',
        about: 'files, read in this order; reads stdin if it is - or missing',
        optional: true,
        variadic: true,
      },
    ],
    options: [
      { flags: '-k, --key <column>', about: 'column that holds the key (required)' },
      {
        flags: '--value <column>',
        about: 'column that holds the value',
        fallback: 'the whole row as JSON',
      },
      {
        flags: '--from <format>',
        about: 'format of the input',
        choices: INPUT_FORMATS,
        fallback: 'auto: from the file name; stdin is ndjson',
      },
      {
        flags: '-n, --shards <n>',
        about: 'number of shards',
        fallback: String(DEFAULT_SHARDS),
        integer: { min: 1, unit: 'shards' },
      },
      {
        flags: '--max-keys-per-shard <n>',
        about: 'create as many shards as needed; counts the rows first, or uses --expected-rows',
        integer: { min: 1, unit: 'keys' },
      },
      {
        flags: '--expected-rows <n>',
        about: 'number of rows, for --max-keys-per-shard and the estimate of the remaining time',
        integer: { min: 0, unit: 'rows' },
      },
      {
        flags: '--cel <expression>',
        about: 'shard by a CEL expression over columns instead of by hash',
      },
      {
        flags: '--cel-column <name:type>',
        about: 'column of the expression, with its type: int, uint, string, bytes, double or bool',
        repeat: true,
      },
      {
        flags: '--cel-value <value>',
        about: 'a result of the expression; the position in this list is the shard',
        repeat: true,
      },
      {
        flags: '--cel-infer',
        about:
          'create one shard per result of the expression; stores all rows on local disk until the input ends',
      },
      {
        flags: '--key-encoding <encoding>',
        about: 'encoding of stored keys',
        choices: ['u64be', 'u32be', 'utf8', 'raw'],
        fallback: 'u64be: integers',
      },
      {
        flags: '--key-as <form>',
        about:
          'form of the key column, with --key-encoding raw or utf8: text, or bytes as hex or base64',
        choices: ['text', 'hex', 'base64'],
        fallback: 'text',
      },
      {
        flags: '--value-as <form>',
        about: 'form of the value column: unchanged text, JSON, or bytes as hex or base64',
        choices: ['text', 'json', 'hex', 'base64'],
        fallback: 'text',
      },
      {
        flags: '--no-header',
        about: 'CSV: treat the first line as a row; columns are named 1, 2, 3, …',
      },
      { flags: '--columns <a,b,…>', about: 'CSV: names of the columns' },
      {
        flags: '--delimiter <characters>',
        about: 'CSV: separator of columns; "tab" means a tab',
        fallback: 'a comma in CSV, a tab in TSV',
      },
      {
        flags: '--quote <character>',
        about: 'CSV: character that quotes cells; "none" if quotes are data',
        fallback: 'a double quote in CSV, none in TSV',
      },
      {
        flags: '--infer-types',
        about:
          'CSV: convert numbers, true, false and empty cells to JSON numbers, booleans and null',
      },
      {
        flags: '--on-error <action>',
        about: 'action for an invalid row',
        choices: ['fail', 'skip', 'reject-file'],
        fallback: 'fail',
      },
      {
        flags: '--reject-file <file>',
        about: 'file for invalid rows with --on-error reject-file, one JSON object per line',
        fallback: 'rejects.ndjson',
      },
      {
        flags: '--max-errors <n>',
        about: 'fail if more rows than this are invalid',
        integer: { min: 0, unit: 'rows' },
      },
      { flags: '--allow-empty', about: 'publish an empty snapshot if the input has no rows' },
      { flags: '--run-id <id>', about: 'id of the run', fallback: '32 random hexadecimal digits' },
      {
        flags: '--resume <run-id>',
        about: 'resume a build that died; writes only the unfinished shards',
      },
      {
        flags: '--retries <n>',
        about: 'how often to retry a shard that failed',
        fallback: '0',
        integer: { min: 0, unit: 'retries' },
      },
      {
        flags: '--max-rows-per-second <n>',
        about: 'limit the write rate',
        integer: { min: 1, unit: 'rows' },
      },
      {
        flags: '--max-bytes-per-second <n>',
        about: 'limit the write rate',
        integer: { min: 1, unit: 'bytes' },
      },
      {
        flags: '--workers <n|auto>',
        about: 'threads that write shards; auto means one per core',
        fallback: 'none: one thread writes all shards',
      },
      {
        flags: '--concurrency <n>',
        about: 'shards written at the same time',
        fallback: '4, or twice the --workers if that is more',
        integer: { min: 1, unit: 'shards' },
      },
      {
        flags: '--memory-mib <n>',
        about: 'memory budget of the engines',
        fallback: '128',
        integer: { min: 1, unit: 'MiB' },
      },
      {
        flags: '--compression <codec>',
        about:
          'compression of the shards; by default snappy for tables that it makes smaller by an eighth',
        choices: ['snappy', 'zlib', 'lz4', 'zstd', 'none'],
      },
      ...VECTOR_OPTIONS,
      { flags: '--custom <name=value>', about: 'custom field of the manifest', repeat: true },
      PROGRESS_OPTION,
    ],
    examples: [
      'shardy build rows.ndjson --prefix file:///data/snap --key id --shards 4',
      'zcat rows.csv.gz | shardy build --from csv --key id --prefix s3://bucket/prices',
      'shardy build words.ndjson --key id --vector-column embedding --prefix file:///data/words',
      'shardy build users.tsv --key email --key-encoding utf8 --value name -p ./users',
    ],
    load: () => import('../build.js'),
  },
]

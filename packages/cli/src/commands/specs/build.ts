import type { CommandSpec, OptionSpec } from '../command.js'
import { INPUT_FORMATS } from '../../input/input-format.js'
import { PROGRESS_OPTION } from '../shared-options.js'

const BUILD: CommandSpec = {
  name: 'build',
  pipedAs: 'table',
  group: 'build',
  summary: 'build a snapshot from rows and publish it',
  about: `Reads newline-delimited JSON, JSON arrays, CSV or TSV from files or stdin, uncompressed or compressed with gzip or
zstd, and publishes one snapshot. Text is UTF-8, or UTF-16 with a byte order mark. Each line ends with LF or CRLF.
Readers see nothing before the build is complete. A build that fails or is stopped by Ctrl-C publishes nothing.

The key is a column. The value is a column (--value) or the whole row as JSON. Large integers keep every digit. If two
rows have the same key, the later one wins.`,
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
      fallback: '4',
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
      about: 'CSV: convert numbers, true, false and empty cells to JSON numbers, booleans and null',
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
      fallback: '8',
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
    { flags: '--custom <name=value>', about: 'custom field of the manifest', repeat: true },
    PROGRESS_OPTION,
  ],
  examples: [
    'shardy build rows.ndjson --prefix file:///data/snap --key id --shards 4',
    'zcat rows.csv.gz | shardy build --from csv --key id --prefix s3://bucket/prices',
    'shardy build users.tsv --key email --key-encoding utf8 --value name -p ./users',
  ],
  load: () => import('../build.js'),
}

/** Options of `build` that `update` does not have: facts of the snapshot, or of the first one. */
const ONLY_BUILD =
  /^(-n, --shards|--max-keys|--expected-rows|--cel|--key-encoding|--allow-empty|--resume|--concurrency|-k, --key )/

/** The options that `update` shares with `build`. */
const SHARED: readonly OptionSpec[] = BUILD.options!.filter(({ flags }) => !ONLY_BUILD.test(flags))

const UPDATE: CommandSpec = {
  name: 'update',
  pipedAs: 'table',
  group: 'build',
  summary: 'publish the next snapshot from the current one and changes',
  about: `Reads changes in the formats of "shardy build" and publishes the next snapshot. Only shards with changes are written;
the others are taken over as they are, neither copied nor read. Sharding, key encoding and engine stay. Readers see
nothing before the update is complete.

A row puts its key, or deletes it: with --delete-column, if that column is true, 1, d, delete or deleted; it puts if the
column is false, 0, empty, missing, or names another operation, such as put, c, u, r, insert or update. The column is not
a part of the stored row. With --tombstones, a row deletes its key if its value column is null, missing, or empty in CSV.
The last change of a key counts. Deletes of keys that do not exist do nothing.

If another snapshot was published since the update began, nothing is published. Without changes, the next snapshot has
the same shards.`,
  args: BUILD.args!,
  options: [
    {
      flags: '-k, --key <column>',
      about: 'column that holds the key',
      fallback: 'that of the current snapshot',
    },
    {
      flags: '--delete-column <column>',
      about: 'column that says whether a row deletes its key',
    },
    {
      flags: '--tombstones',
      about: 'delete the key of a row without a value, with --value',
    },
    {
      flags: '--expected-current <run>',
      about: 'fail unless this run id, or manifest URL, is the current snapshot',
    },
    { flags: '--dry-run', about: 'show which shards would be written, and write nothing' },
    {
      flags: '--resume <run-id>',
      about: 'resume an update that died, with the same changes; writes only the unfinished shards',
    },
    {
      flags: '--concurrency <n>',
      about: 'shards merged at the same time',
      fallback: '2 to 4, as many as fit in the memory',
      integer: { min: 1, unit: 'shards' },
    },
    ...SHARED,
  ],
  examples: [
    'shardy update changes.ndjson --prefix file:///data/snap --key id --delete-column op',
    'shardy update changes.csv -p s3://bucket/prices --value price --tombstones --dry-run',
  ],
  load: () => import('../update.js'),
}

export const BUILD_SPECS: readonly CommandSpec[] = [BUILD, UPDATE]

import type { CommandSpec } from '../command.js'
import { INPUT_FORMATS } from '../../input/input-format.js'
import { PROGRESS_OPTION } from '../shared-options.js'

export const BUILD_SPECS: readonly CommandSpec[] = [
  {
    name: 'build',
    pipedAs: 'table',
    group: 'build',
    summary: 'turn rows into a snapshot and publish it',
    about: `Reads newline-delimited JSON, JSON arrays, CSV or TSV from files or stdin, plain, gzip or zstd, and publishes one
snapshot. Text is UTF-8, or UTF-16 with a byte order mark; each line ends with LF or CRLF.
Nothing is visible to readers before the end; a build that fails, or is stopped by Ctrl-C, publishes nothing.

The key is a column; the value is a column too (--value), or the whole row as JSON. Rows keep every digit of large
integers. Of two rows with the same key the later one stays.`,
    args: [
      {
        name: 'input',
        about: 'files, in this order; - or nothing reads stdin',
        optional: true,
        variadic: true,
      },
    ],
    options: [
      { flags: '-k, --key <column>', about: 'column that holds the key (required)' },
      {
        flags: '--value <column>',
        about: 'column that holds the value',
        fallback: 'the whole row, as JSON',
      },
      {
        flags: '--from <format>',
        about: 'what the input is',
        choices: INPUT_FORMATS,
        fallback: 'auto: by the name; stdin is ndjson',
      },
      {
        flags: '-n, --shards <n>',
        about: 'number of shards',
        fallback: '8',
        integer: { min: 1, unit: 'shards' },
      },
      {
        flags: '--max-keys-per-shard <n>',
        about: 'as many shards as it takes; counts the rows first, or takes --expected-rows',
        integer: { min: 1, unit: 'keys' },
      },
      {
        flags: '--expected-rows <n>',
        about: 'number of rows, for --max-keys-per-shard and the time that is left',
        integer: { min: 0, unit: 'rows' },
      },
      { flags: '--cel <expression>', about: 'shard by a CEL expression over columns instead' },
      {
        flags: '--cel-column <name:type>',
        about: 'column of the expression: int, uint, string, bytes, double or bool',
        repeat: true,
      },
      {
        flags: '--cel-value <value>',
        about: 'value the expression may give; the shard is its place among them',
        repeat: true,
      },
      {
        flags: '--cel-infer',
        about:
          'make a shard of every value the expression gives; rows wait on local disk until the last',
      },
      {
        flags: '--key-encoding <encoding>',
        about: 'how keys are stored',
        choices: ['u64be', 'u32be', 'utf8', 'raw'],
        fallback: 'u64be: whole numbers',
      },
      {
        flags: '--key-as <form>',
        about:
          'what the key column is, for --key-encoding raw and utf8: text, or bytes in hex or base64',
        choices: ['text', 'hex', 'base64'],
        fallback: 'text',
      },
      {
        flags: '--value-as <form>',
        about: 'what the value column is: text as it is, JSON, or bytes in hex or base64',
        choices: ['text', 'json', 'hex', 'base64'],
        fallback: 'text',
      },
      { flags: '--no-header', about: 'CSV: the first line is a row; columns are 1, 2, 3, …' },
      { flags: '--columns <a,b,…>', about: 'CSV: names of the columns' },
      {
        flags: '--delimiter <characters>',
        about: 'CSV: what separates columns; tab for a tab',
        fallback: 'a comma in CSV, a tab in TSV',
      },
      {
        flags: '--quote <character>',
        about: 'CSV: what cells may be put in; none when it is data like any other character',
        fallback: 'a double quote in CSV, none in TSV',
      },
      {
        flags: '--infer-types',
        about: 'CSV: numbers, true, false and empty cells become JSON numbers, booleans and null',
      },
      {
        flags: '--on-error <action>',
        about: 'what a row that cannot be taken does',
        choices: ['fail', 'skip', 'reject-file'],
        fallback: 'fail',
      },
      {
        flags: '--reject-file <file>',
        about: 'where such rows go, one JSON object per line',
        fallback: 'rejects.ndjson',
      },
      {
        flags: '--max-errors <n>',
        about: 'fail after so many of them all the same',
        integer: { min: 0, unit: 'rows' },
      },
      { flags: '--allow-empty', about: 'publish a snapshot without rows if there are none' },
      { flags: '--run-id <id>', about: 'id of the run', fallback: '32 random hexadecimal digits' },
      {
        flags: '--resume <run-id>',
        about: 'go on with a build that died: only shards that were not finished are written',
      },
      {
        flags: '--retries <n>',
        about: 'times a shard that failed is written again',
        fallback: '0',
        integer: { min: 0, unit: 'retries' },
      },
      {
        flags: '--max-rows-per-second <n>',
        about: 'write no faster',
        integer: { min: 1, unit: 'rows' },
      },
      {
        flags: '--max-bytes-per-second <n>',
        about: 'write no faster',
        integer: { min: 1, unit: 'bytes' },
      },
      {
        flags: '--workers <n|auto>',
        about: 'threads that write the shards; auto is one for each core',
        fallback: 'none: this process writes them itself',
      },
      { flags: '--sort', about: 'sort the rows of each shard by key before writing it' },
      {
        flags: '--concurrency <n>',
        about: 'shards written at the same time',
        fallback: '4',
        integer: { min: 1, unit: 'shards' },
      },
      {
        flags: '--memory-mib <n>',
        about: 'memory the engines should keep to',
        fallback: '512',
        integer: { min: 1, unit: 'MiB' },
      },
      {
        flags: '--compression <codec>',
        about: 'compression of the shards',
        choices: ['snappy', 'zlib', 'lz4', 'zstd'],
      },
      { flags: '--custom <name=value>', about: 'field of your own in the manifest', repeat: true },
      PROGRESS_OPTION,
    ],
    examples: [
      'shardy build rows.ndjson --prefix file:///data/snap --key id --shards 4',
      'zcat rows.csv.gz | shardy build --from csv --key id --prefix s3://bucket/prices',
      'shardy build users.tsv --key email --key-encoding utf8 --value name -p ./users',
    ],
    load: () => import('../build.js'),
  },
]

import type { CommandSpec, OptionSpec } from '../command.js'
import { CONTEXT_OPTION, PROGRESS_OPTION } from '../shared-options.js'

const QUERY_OPTIONS: readonly OptionSpec[] = [
  {
    flags: '--vector-file <file>',
    about: 'file of queries: .npy, or one vector per line',
  },
  {
    flags: '-k, --top-k <n>',
    about: 'number of results for each query',
    fallback: '10',
    integer: { min: 0, unit: 'results' },
  },
]

export const RECALL_SPEC: CommandSpec = {
  name: 'recall',
  group: 'inspect',
  summary: 'measure what searches find of the nearest vectors, and how long they take',
  about: `Searches for stored vectors, each without itself, or for the vectors of a file; compares the results with those of
exact search, for each recall that an index can be asked for, or for numbers of shards if vectors choose these. Queries of
users say more than stored vectors: pass some with --vector-file.`,
  options: [
    {
      flags: '--queries <n>',
      about: 'number of stored vectors to search for',
      fallback: '200',
      integer: { min: 1, unit: 'queries' },
    },
    ...QUERY_OPTIONS,
    PROGRESS_OPTION,
  ],
  examples: [
    'shardy recall -p file:///data/words --queries 500',
    'shardy recall -p s3://bucket/docs --vector-file queries.npy --top-k 20',
  ],
  load: () => import('../recall.js'),
}

export const READ_SPECS: readonly CommandSpec[] = [
  {
    name: 'get',
    brief: true,
    inThread: true,
    pipedAs: 'table',
    group: 'read',
    summary: 'print the value of a key',
    about: `Prints the value and a line end. --raw prints only the bytes. --json prints the key and the value.`,
    args: [{ name: 'key', about: 'an integer, text, or bytes in the format of --keys' }],
    options: [CONTEXT_OPTION],
    examples: [
      'shardy get --prefix file:///data/snap 4999',
      'shardy get -p ./images --raw 7 > 7.png',
    ],
    finding: 'the key does not exist',
    inSession: true,
    load: () => import('../get.js'),
  },
  {
    name: 'multiget',
    inThread: true,
    group: 'read',
    summary: 'print the values of many keys, in the given order',
    args: [
      {
        name: 'keys',
        about: 'keys; reads one per line from stdin if it is - or missing',
        optional: true,
        variadic: true,
      },
    ],
    options: [CONTEXT_OPTION, { flags: '--only-found', about: 'omit keys that do not exist' }],
    examples: [
      'shardy multiget -p ./snap 1 2 3',
      'cut -f1 orders.tsv | shardy multiget -p ./snap --ndjson',
    ],
    finding: 'a key does not exist',
    inSession: true,
    load: () => import('../multiget.js'),
  },
  {
    name: 'scan',
    group: 'read',
    summary: 'print the entries of a key range, in key order',
    args: [],
    options: [
      { flags: '--start <key>', about: 'first key, inclusive' },
      { flags: '--end <key>', about: 'end key, exclusive' },
      { flags: '--key-prefix <text>', about: 'only keys with this prefix' },
      {
        flags: '-l, --limit <n>',
        about: 'maximum number of entries',
        integer: { min: 0, unit: 'entries' },
      },
      { flags: '-r, --reverse', about: 'from the last key to the first' },
      { flags: '--unordered', about: 'one shard after the other, which is faster' },
      { flags: '--keys-only', about: 'print no values' },
      { flags: '--count', about: 'print only the number of entries' },
      {
        flags: '-o, --output <file>',
        about: 'write to a file, which is created only when it is complete',
      },
    ],
    examples: [
      'shardy scan -p ./snap --start 100 --end 200',
      'shardy scan -p ./users --key-prefix a --limit 10 --csv',
      'shardy scan -p ./snap --ndjson -o all.ndjson',
    ],
    inSession: true,
    load: () => import('../scan.js'),
  },
  {
    name: 'search',
    group: 'read',
    summary: 'find the vectors nearest to a vector, or to that of a row',
    about: `A query is a list of numbers. Several queries are searched at once. The distance is smaller for nearer vectors.
Searches are exact, except in large shards with an index: --recall says which share of the nearest it should find, and
--exact avoids the index. \`shardy recall\` measures both.

--where is a CEL expression over \`id\` and \`payload\`, such as payload.year >= 2020; results are
--top-k of the vectors for which it holds, or all if they are fewer.`,
    args: [
      {
        name: 'vectors',
        about: 'vectors such as "[0.1, 0.2]"; reads one per line from stdin if it is - or missing',
        optional: true,
        variadic: true,
      },
    ],
    options: [
      {
        flags: '--like <key>',
        about: 'search for the vector of the row with this key; the row is left out',
        repeat: true,
      },
      ...QUERY_OPTIONS,
      {
        flags: '-w, --where <expression>',
        about: 'only vectors for which the CEL expression holds',
      },
      { flags: '--max-distance <number>', about: 'only vectors that are not farther than this' },
      {
        flags: '--recall <share>',
        about: 'share of the nearest vectors that an index should find',
        fallback: '0.95',
      },
      { flags: '--exact', about: 'compute all distances; never use an index' },
      {
        flags: '--probes <n|all>',
        about: 'vectors without keys: number of shards to search, the nearest first',
        fallback: 'as the snapshot was written',
      },
      { flags: '--with-values', about: 'also print the values of the rows' },
      CONTEXT_OPTION,
    ],
    examples: [
      "shardy search -p ./words '[0.1, -0.2, 0.3]'",
      'shardy search -p ./cities --like 2618425 --top-k 5 --with-values',
      'shardy search -p ./docs --vector-file queries.npy --where "payload.lang == \'de\'" --ndjson',
    ],
    finding: 'nothing was found',
    inSession: true,
    load: () => import('../search.js'),
  },
  {
    name: 'route',
    brief: true,
    group: 'read',
    summary: 'print the shard of each key; reads no shard',
    args: [{ name: 'keys', about: 'keys, which need not exist', variadic: true }],
    options: [CONTEXT_OPTION],
    examples: ['shardy route -p ./snap 42 43'],
    inSession: true,
    load: () => import('../route.js'),
  },
]

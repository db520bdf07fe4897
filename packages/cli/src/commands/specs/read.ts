import type { CommandSpec } from '../command.js'
import { CONTEXT_OPTION } from '../shared-options.js'

export const READ_SPECS: readonly CommandSpec[] = [
  {
    name: 'get',
    brief: true,
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

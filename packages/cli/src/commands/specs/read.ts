import type { CommandSpec } from '../command.js'
import { CONTEXT_OPTION } from '../shared-options.js'

export const READ_SPECS: readonly CommandSpec[] = [
  {
    name: 'get',
    brief: true,
    pipedAs: 'table',
    group: 'read',
    summary: 'print the value of a key',
    about: `Prints the value and a line end; --raw prints the bytes alone, --json the key and the value.`,
    args: [{ name: 'key', about: 'a number, text, or bytes as --keys says' }],
    options: [CONTEXT_OPTION],
    examples: [
      'shardy get --prefix file:///data/snap 4999',
      'shardy get -p ./images --raw 7 > 7.png',
    ],
    finding: 'there is no such key',
    inSession: true,
    load: () => import('../get.js'),
  },
  {
    name: 'multiget',
    group: 'read',
    summary: 'print the values of many keys, in their order',
    args: [
      {
        name: 'keys',
        about: 'keys; - or nothing reads one from each line of stdin',
        optional: true,
        variadic: true,
      },
    ],
    options: [
      CONTEXT_OPTION,
      { flags: '--only-found', about: 'leave out keys that are not there' },
    ],
    examples: [
      'shardy multiget -p ./snap 1 2 3',
      'cut -f1 orders.tsv | shardy multiget -p ./snap --ndjson',
    ],
    finding: 'a key is not there',
    inSession: true,
    load: () => import('../multiget.js'),
  },
  {
    name: 'scan',
    group: 'read',
    summary: 'print entries of a range, in the order of their keys',
    args: [],
    options: [
      { flags: '--start <key>', about: 'from this key on' },
      { flags: '--end <key>', about: 'up to this key, itself left out' },
      { flags: '--key-prefix <text>', about: 'only keys that begin like this' },
      {
        flags: '-l, --limit <n>',
        about: 'so many entries at most',
        integer: { min: 0, unit: 'entries' },
      },
      { flags: '-r, --reverse', about: 'from the last to the first' },
      { flags: '--unordered', about: 'shard after shard, which is faster' },
      { flags: '--keys-only', about: 'no values' },
      { flags: '--count', about: 'only how many there are' },
      { flags: '-o, --output <file>', about: 'write to a file, which appears when it is complete' },
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
    summary: 'say which shard keys belong to; reads no shard',
    args: [{ name: 'keys', about: 'keys, whether or not they are there', variadic: true }],
    options: [CONTEXT_OPTION],
    examples: ['shardy route -p ./snap 42 43'],
    inSession: true,
    load: () => import('../route.js'),
  },
]

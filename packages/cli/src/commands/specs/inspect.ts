import type { CommandSpec } from '../command.js'

export const INSPECT_SPECS: readonly CommandSpec[] = [
  {
    name: 'info',
    brief: true,
    group: 'inspect',
    summary: 'facts about the snapshot',
    inSession: true,
    load: () => import('../info.js'),
  },
  {
    name: 'shards',
    brief: true,
    group: 'inspect',
    summary: 'rows, bytes and key ranges of every shard',
    inSession: true,
    load: () => import('../shards.js'),
  },
  {
    name: 'health',
    brief: true,
    group: 'inspect',
    summary: 'whether the snapshot can be read, and how old it is',
    options: [{ flags: '--max-age <duration>', about: 'older is a finding: 90s, 30m, 24h, 7d' }],
    examples: ['shardy health -p s3://bucket/prices --max-age 26h'],
    finding: 'the snapshot is older than --max-age',
    inSession: true,
    load: () => import('../health.js'),
  },
  {
    name: 'report',
    group: 'inspect',
    summary: 'one HTML file with pictures: sizes, skew, key ranges, timings, history',
    about: 'The file needs no network and no other file; it can be mailed, or kept with a build.',
    options: [
      {
        flags: '-o, --output <file>',
        about: 'where to write it; - for stdout',
        fallback: 'shardy-report.html',
      },
      { flags: '--title <text>', about: 'its heading', fallback: 'the last part of the prefix' },
      {
        flags: '--limit <n>',
        about: 'runs of the history at most',
        fallback: '50',
        integer: { min: 1, unit: 'runs' },
      },
    ],
    examples: ['shardy report -p s3://bucket/prices -o prices.html'],
    load: () => import('../report.js'),
  },
]

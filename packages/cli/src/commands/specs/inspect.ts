import type { CommandSpec } from '../command.js'
import { RECALL_SPEC } from './read.js'

export const INSPECT_SPECS: readonly CommandSpec[] = [
  {
    name: 'info',
    brief: true,
    group: 'inspect',
    summary: 'show facts about the snapshot',
    inSession: true,
    load: () => import('../info.js'),
  },
  {
    name: 'shards',
    brief: true,
    group: 'inspect',
    summary: 'show rows, bytes and the key range of every shard',
    inSession: true,
    load: () => import('../shards.js'),
  },
  {
    name: 'health',
    brief: true,
    group: 'inspect',
    summary: 'check that the snapshot is readable and not too old',
    options: [
      {
        flags: '--max-age <duration>',
        about: 'report an older snapshot as a finding: 90s, 30m, 24h, 7d',
      },
    ],
    examples: ['shardy health -p s3://bucket/prices --max-age 26h'],
    finding: 'the snapshot is degraded, or older than --max-age',
    inSession: true,
    load: () => import('../health.js'),
  },
  RECALL_SPEC,
  {
    name: 'report',
    group: 'inspect',
    summary: 'write an HTML report with charts: sizes, skew, key ranges, timings, history',
    about: 'The file is self-contained: it loads nothing from the network or from other files.',
    options: [
      {
        flags: '-o, --output <file>',
        about: 'output file; - for stdout',
        fallback: 'shardy-report.html',
      },
      {
        flags: '--title <text>',
        about: 'heading of the report',
        fallback: 'the last part of the prefix',
      },
      {
        flags: '--limit <n>',
        about: 'maximum number of runs in the history',
        fallback: '50',
        integer: { min: 1, unit: 'runs' },
      },
    ],
    examples: ['shardy report -p s3://bucket/prices -o prices.html'],
    load: () => import('../report.js'),
  },
]

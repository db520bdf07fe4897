import type { CommandSpec } from '../command.js'

const YES = { flags: '-y, --yes', about: 'do not ask' }

export const OPERATE_SPECS: readonly CommandSpec[] = [
  {
    name: 'history',
    group: 'operate',
    summary: 'what was published, newest first',
    options: [
      {
        flags: '-l, --limit <n>',
        about: 'so many at most',
        fallback: '10',
        integer: { min: 1, unit: 'snapshots' },
      },
    ],
    inSession: true,
    load: () => import('../history.js'),
  },
  {
    name: 'rollback',
    group: 'operate',
    pipedAs: 'table',
    summary: 'make a run current that was published before',
    about: `Readers follow when they refresh. The manifest of the run is read before the pointer moves; if it is gone or
broken, nothing changes. To go forward again, name the newer run.`,
    args: [
      {
        name: 'run',
        about: 'its id, the beginning of it, or current~1 (the default) for the one before',
        optional: true,
      },
    ],
    options: [YES],
    examples: [
      'shardy rollback -p s3://bucket/prices',
      'shardy rollback -p s3://bucket/prices 3f9a --yes',
    ],
    load: () => import('../rollback.js'),
  },
  {
    name: 'diff',
    group: 'operate',
    summary: 'keys that were added, removed or changed between two runs',
    about: `Both runs are read once, in the order of their keys; memory stays the same however many rows there are.`,
    args: [
      { name: 'from', about: 'the older run: its id, the beginning of it, or current~1' },
      { name: 'to', about: 'the newer one; the current one if left out', optional: true },
    ],
    options: [
      { flags: '--summary', about: 'only how many' },
      { flags: '--with-values', about: 'values before and after, too' },
      { flags: '-l, --limit <n>', about: 'stop after so many', integer: { min: 1, unit: 'keys' } },
      { flags: '-o, --output <file>', about: 'write to a file, which appears when it is complete' },
    ],
    examples: [
      'shardy diff -p s3://bucket/prices current~1',
      'shardy diff -p ./snap 3f9a 77c1 --summary',
    ],
    finding: 'the runs differ',
    load: () => import('../diff.js'),
  },
]

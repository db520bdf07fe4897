import type { CommandSpec } from '../command.js'
import { PROGRESS_OPTION } from '../shared-options.js'

const YES = { flags: '-y, --yes', about: 'do not ask' }

export const OPERATE_SPECS: readonly CommandSpec[] = [
  {
    name: 'history',
    group: 'operate',
    summary: 'what was published, newest first',
    about: `Snapshots whose data is gone, as after a cleanup that left the manifest, are marked "missing". That every object of
the others is there is for "shardy verify" to tell.`,
    options: [
      {
        flags: '-l, --limit <n>',
        about: 'so many at most',
        fallback: '10',
        integer: { min: 1, unit: 'snapshots' },
      },
      {
        flags: '--runs',
        about: 'what builds and rollbacks noted instead: running, failed, died, too',
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
    about: `Readers follow when they refresh. The manifest of the run is read, and its shards are looked for, before
the pointer moves; if any is gone or damaged, nothing changes. To go forward again, name the newer run.`,
    args: [
      {
        name: 'run',
        about: 'its id, the beginning of it, or current~1 (the default) for the one before',
        optional: true,
      },
    ],
    options: [YES, { flags: '--force', about: 'even if shards of the run are gone or damaged' }],
    examples: [
      'shardy rollback -p s3://bucket/prices',
      'shardy rollback -p s3://bucket/prices 3f9a --yes',
    ],
    load: () => import('../rollback.js'),
  },
  {
    name: 'verify',
    group: 'operate',
    pipedAs: 'json',
    summary: 'read a snapshot and compare it with its manifest',
    about: `Every shard is opened and read: the order of its keys, the smallest and the largest, how many there are, that each
belongs to the shard it is in, and that looking it up finds it.`,
    options: [
      {
        flags: '--shards <n>',
        about: 'so many shards, chosen at random',
        fallback: 'all',
        integer: { min: 1, unit: 'shards' },
      },
      {
        flags: '--rows <n>',
        about: 'so many rows of each shard, half of them from either end',
        fallback: 'all',
        integer: { min: 1, unit: 'rows' },
      },
      {
        flags: '--concurrency <n>',
        about: 'shards looked at at the same time',
        fallback: '4',
        integer: { min: 1, unit: 'shards' },
      },
      PROGRESS_OPTION,
    ],
    examples: [
      'shardy verify -p s3://bucket/prices',
      'shardy verify -p s3://bucket/prices --shards 4 --rows 1000',
    ],
    finding: 'something is wrong with it',
    load: () => import('../verify.js'),
  },
  {
    name: 'cleanup',
    group: 'operate',
    pipedAs: 'table',
    summary: 'remove old snapshots, and what builds left behind',
    about: `Lists what would go and deletes nothing, unless --yes is given or the question at the end is answered with yes.
Without --keep-last and --older-than every published snapshot stays. Never removed is what is current, what a running
build needs, and what is younger than --grace and published by nobody.`,
    options: [
      {
        flags: '--keep-last <n>',
        about: 'published snapshots to keep: the newest so many, and the current one',
        integer: { min: 1, unit: 'snapshots' },
      },
      { flags: '--older-than <duration>', about: 'only snapshots published longer ago: 24h, 7d' },
      { flags: '--keep <run-id>', about: 'keep this run whatever the rest says', repeat: true },
      {
        flags: '--grace <duration>',
        about: 'data younger than this may be in use by a build',
        fallback: '24h',
      },
      { flags: '--no-stale-attempts', about: 'keep attempts at shards that lost' },
      { flags: '--no-unfinished-runs', about: 'keep data of runs that published nothing' },
      YES,
      PROGRESS_OPTION,
    ],
    examples: [
      'shardy cleanup -p s3://bucket/prices --keep-last 7',
      'shardy cleanup -p s3://bucket/prices --older-than 30d --yes',
    ],
    load: () => import('../cleanup.js'),
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

import type { CommandSpec } from '../command.js'
import { PROGRESS_OPTION } from '../shared-options.js'

const YES = { flags: '-y, --yes', about: 'do not ask for confirmation' }

export const OPERATE_SPECS: readonly CommandSpec[] = [
  {
    name: 'serve',
    group: 'operate',
    summary: 'serve snapshots to other languages: the Redis protocol and HTTP',
    about: `Answers lookups, scans and searches until Ctrl-C or SIGTERM, follows publications, and never writes. Each snapshot is a
database: SELECT 1 or SELECT name over Redis, /v1/databases/name/… over HTTP. Without --prefix and locations, it takes the
prefix of the settings.

Other machines reach it only with --host and a token of 16 characters or more, in --token-file or SHARDY_SERVE_TOKEN: the
password of AUTH, and the bearer token of HTTP. There is no encryption; use a private network, or a proxy with TLS.

--json prints one JSON object per event. The first has the ports.`,
    args: [
      {
        name: 'databases',
        about: 'locations of snapshots, each also as name=location; by default the prefix',
        optional: true,
        variadic: true,
      },
    ],
    options: [
      { flags: '--host <address>', about: 'address to listen on', fallback: '127.0.0.1' },
      {
        flags: '--http-port <n>',
        about: 'port of HTTP; 0 for any free port',
        fallback: '8080',
        integer: { min: 0, unit: 'port' },
      },
      {
        flags: '--redis-port <n>',
        about: 'port of the Redis protocol; 0 for any free port',
        fallback: '6380',
        integer: { min: 0, unit: 'port' },
      },
      { flags: '--no-http', about: 'do not serve HTTP' },
      { flags: '--no-redis', about: 'do not serve the Redis protocol' },
      {
        flags: '--token-file <file>',
        about: 'file with the token that clients must send; also SHARDY_SERVE_TOKEN',
      },
      {
        flags: '--refresh <duration>',
        about: 'time between checks for a new snapshot: 10s, 1m; 0s for never',
        fallback: '10s',
      },
      {
        flags: '--grace <duration>',
        about: 'time limit of running requests after SIGTERM',
        fallback: '10s',
      },
      {
        flags: '--reply-cache-bytes <n>',
        about: 'bytes of memory for recent replies, for each database',
        fallback: 'a sixteenth of the memory for all, 64 MiB to 1 GiB',
        integer: { min: 0, unit: 'bytes' },
      },
      {
        flags: '--max-connections <n>',
        about: 'maximum number of connections of each protocol',
        fallback: '1000',
        integer: { min: 1, unit: 'connections' },
      },
    ],
    examples: [
      'shardy serve ./snap',
      'redis-cli -p 6380 GET 42',
      'curl http://127.0.0.1:8080/v1/items/42',
      'shardy serve prices=s3://bucket/prices users=s3://bucket/users --host 0.0.0.0 --token-file token.txt',
    ],
    load: () => import('../serve.js'),
  },
  {
    name: 'history',
    group: 'operate',
    summary: 'list published snapshots, newest first',
    about: `A snapshot whose data has been deleted, for example by a cleanup that kept the manifest, is marked "missing". The
check is quick and does not read every object; "shardy verify" does.`,
    options: [
      {
        flags: '-l, --limit <n>',
        about: 'maximum number of snapshots',
        fallback: '10',
        integer: { min: 1, unit: 'snapshots' },
      },
      {
        flags: '--runs',
        about:
          'list the records of builds and rollbacks instead, including running, failed and died',
      },
    ],
    inSession: true,
    load: () => import('../history.js'),
  },
  {
    name: 'rollback',
    group: 'operate',
    pipedAs: 'table',
    summary: 'make an earlier run current again',
    about: `Readers follow at their next refresh. The command checks the manifest and the shards of the run before it moves the
pointer. If any of them is missing or damaged, nothing changes. To go forward again, name the newer run.`,
    args: [
      {
        name: 'run',
        about:
          'an id, a unique prefix of one, or current~1 (the default) for the run before the current one',
        optional: true,
      },
    ],
    options: [
      YES,
      { flags: '--force', about: 'roll back even if shards of the run are missing or damaged' },
    ],
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
    about: `Opens and reads every shard. Checks the order of the keys, the smallest and the largest key, the number of keys, that
each key belongs to its shard, and that a lookup finds it.`,
    options: [
      {
        flags: '--shards <n>',
        about: 'verify only this many shards, chosen at random',
        fallback: 'all',
        integer: { min: 1, unit: 'shards' },
      },
      {
        flags: '--rows <n>',
        about: 'verify only this many rows of each shard, half from each end',
        fallback: 'all',
        integer: { min: 1, unit: 'rows' },
      },
      {
        flags: '--concurrency <n>',
        about: 'shards verified at the same time',
        fallback: '4',
        integer: { min: 1, unit: 'shards' },
      },
      PROGRESS_OPTION,
    ],
    examples: [
      'shardy verify -p s3://bucket/prices',
      'shardy verify -p s3://bucket/prices --shards 4 --rows 1000',
    ],
    finding: 'the snapshot is not sound',
    load: () => import('../verify.js'),
  },
  {
    name: 'cleanup',
    group: 'operate',
    pipedAs: 'table',
    summary: 'delete old snapshots and leftovers of builds',
    about: `Lists the data to delete. Deletes it only with --yes, or after a confirmation on the terminal.
Without --keep-last and --older-than every published snapshot is kept. The command never deletes the current snapshot,
data of a running build, or unpublished data younger than --grace.`,
    options: [
      {
        flags: '--keep-last <n>',
        about:
          'keep only this many of the newest published snapshots; the current one is among them, or stays as well',
        integer: { min: 1, unit: 'snapshots' },
      },
      {
        flags: '--older-than <duration>',
        about: 'delete only snapshots published before this age: 24h, 7d',
      },
      { flags: '--keep <run-id>', about: 'always keep this run', repeat: true },
      {
        flags: '--grace <duration>',
        about: 'keep unpublished data younger than this, because a build may be using it',
        fallback: '24h',
      },
      { flags: '--no-stale-attempts', about: 'keep attempts that did not win' },
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
    summary: 'list keys that were added, removed or changed between two runs',
    about: `Scans both runs once, in key order. Memory use does not depend on the number of rows.`,
    args: [
      { name: 'from', about: 'the older run: an id, a unique prefix of one, or current~1' },
      { name: 'to', about: 'the newer run; by default the current one', optional: true },
    ],
    options: [
      { flags: '--summary', about: 'print only the counts' },
      { flags: '--with-values', about: 'print the values before and after' },
      {
        flags: '-l, --limit <n>',
        about: 'stop after this many differences',
        integer: { min: 1, unit: 'keys' },
      },
      {
        flags: '-o, --output <file>',
        about: 'write to a file, which is created only when it is complete',
      },
    ],
    examples: [
      'shardy diff -p s3://bucket/prices current~1',
      'shardy diff -p ./snap 3f9a 77c1 --summary',
    ],
    finding: 'the runs differ',
    load: () => import('../diff.js'),
  },
]

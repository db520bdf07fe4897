import type { CommandSpec, OptionSpec } from '../command.js'
import { BUILD_SPECS } from './build.js'

const PLAN: OptionSpec = {
  flags: '--plan <plan>',
  about: 'what `shardy plan` printed, or a file that holds it (required)',
}

/** Options that mean the same as those of `build`. */
function asInBuild(...names: readonly string[]): OptionSpec[] {
  const options = BUILD_SPECS[0]!.options!
  return names.map((name) => options.find(({ flags }) => flags.includes(`--${name} `))!)
}

export const TASK_SPECS: readonly CommandSpec[] = [
  {
    name: 'plan',
    pipedAs: 'table',
    group: 'build',
    summary: 'begin a build whose shards are written by tasks of a cluster',
    about: `Checks the options and the storage, and prints the plan: one line of JSON for write-shard and
publish. It holds no credentials.`,
    options: [
      ...asInBuild(
        'shards',
        'max-keys-per-shard',
        'expected-rows',
        'cel',
        'cel-column',
        'cel-value',
      ),
      ...asInBuild('key-encoding', 'run-id', 'compression', 'custom'),
      { flags: '--key-column <name>', about: 'name of the key column, for information' },
      { flags: '--sort', about: 'have every task sort its rows by key before it writes them' },
      {
        flags: '--lease-hours <n>',
        about: 'how long a cleanup takes the build to be under way',
        fallback: '24',
        integer: { min: 1, unit: 'hours' },
      },
    ],
    examples: ['shardy plan --prefix s3://bucket/prices --shards 64 > plan.json'],
    load: () => import('../plan.js'),
  },
  {
    name: 'write-shard',
    pipedAs: 'table',
    group: 'build',
    summary: 'write the rows of one shard, as a task of a cluster',
    about: `Reads the rows from stdin, writes them as one attempt, and prints its result: one line of JSON for
publish. May run any number of times for one shard, at the same time too; what it wrote before a
failure is removed.

With --from frames, a row is the lengths of key and value (two unsigned 64-bit integers,
little-endian), the key as it is stored, and the value; behind the last row come 2^64-1 and the
number of rows.`,
    options: [
      PLAN,
      {
        flags: '--shard <n>',
        about: 'which shard (required)',
        integer: { min: 0, unit: 'the number of a shard' },
      },
      {
        flags: '--from <format>',
        about: 'what the rows are: frames, an Arrow IPC stream, or newline-delimited JSON',
        choices: ['frames', 'arrow', 'ndjson'],
        fallback: 'frames',
      },
      {
        flags: '-k, --key <column>',
        about: 'arrow, ndjson: column that holds the key',
        fallback: 'arrow: key',
      },
      {
        flags: '--value <column>',
        about: 'arrow, ndjson: column that holds the value',
        fallback: 'arrow: value; ndjson: the whole row',
      },
      ...asInBuild('key-as', 'value-as'),
      {
        flags: '--attempt <n>',
        about: 'number of the attempt in the cluster; the next free one from here is taken',
        fallback: '0',
        integer: { min: 0, unit: 'attempts' },
      },
      {
        flags: '--task-attempt-id <n>',
        about: 'id of the attempt in the cluster',
        integer: { min: 0, unit: 'an id' },
      },
      {
        flags: '--stage-id <n>',
        about: 'id of the stage in the cluster',
        integer: { min: 0, unit: 'an id' },
      },
      {
        flags: '--memory-mib <n>',
        about: 'memory the engine should keep to',
        fallback: '128',
        integer: { min: 1, unit: 'MiB' },
      },
      { flags: '--no-verify-routing', about: 'do not check that every key belongs to this shard' },
    ],
    examples: ['produce-rows 3 | shardy write-shard --plan plan.json --shard 3 > result-3.json'],
    load: () => import('../write-shard.js'),
  },
  {
    name: 'publish',
    group: 'build',
    summary: 'publish what the tasks of a build have written',
    about: `Reads the results of write-shard, one a line, from files or stdin; picks one attempt of each
shard, publishes them, and removes all others. A shard nobody reported is an error. May be run
again.`,
    args: [
      {
        name: 'results',
        about: 'files; - or nothing reads stdin',
        optional: true,
        variadic: true,
      },
    ],
    options: [
      PLAN,
      { flags: '--allow-empty', about: 'publish also when all shards reported 0 rows' },
    ],
    examples: ['shardy publish --plan plan.json result-*.json'],
    load: () => import('../publish.js'),
  },
]

import type { CommandSpec, OptionSpec } from '../command.js'
import { BUILD_SPECS } from './build.js'

const PLAN: OptionSpec = {
  flags: '--plan <plan>',
  about: 'the output of `shardy plan`, or a file that contains it (required)',
}

/** Options of `build` that have the same meaning here. */
function asInBuild(...names: readonly string[]): OptionSpec[] {
  const options = BUILD_SPECS[0]!.options!
  return names.map((name) => options.find(({ flags }) => flags.includes(`--${name} `))!)
}

export const TASK_SPECS: readonly CommandSpec[] = [
  {
    name: 'plan',
    pipedAs: 'table',
    group: 'build',
    summary: 'start a build whose shards are written by tasks of a cluster',
    about: `Checks the options and the storage. Prints the plan, one line of JSON, for write-shard and publish. The plan
contains no credentials.`,
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
      {
        flags: '--dimensions <n>',
        about: 'rows have vectors of this number of values',
        integer: { min: 1, unit: 'values' },
      },
      ...asInBuild('metric'),
      {
        flags: '--key-column <name>',
        about: 'name of the key column, stored in the manifest for information',
      },
      {
        flags: '--lease-hours <n>',
        about: 'how long cleanup treats the build as running',
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
    about: `Reads rows from stdin, writes them as one attempt, and prints the result, one line of JSON, for publish. It may run
any number of times for one shard, also concurrently. If it fails, it deletes the objects it wrote.

With --from frames, a row consists of the lengths of key and value (two unsigned 64-bit integers, little-endian), the
stored key bytes, and the value. After the last row come 2^64-1 and the number of rows. If the plan has --dimensions, two
more lengths follow: of the vector (float32, little-endian; 0 for a row without one) and of its payload (JSON; 0 for none),
which come after the value; the last frame has zeros there.`,
    options: [
      PLAN,
      {
        flags: '--shard <n>',
        about: 'the shard to write (required)',
        integer: { min: 0, unit: 'the number of a shard' },
      },
      {
        flags: '--from <format>',
        about: 'format of the rows: frames, an Arrow IPC stream, or newline-delimited JSON',
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
        flags: '--vector-column <column>',
        about: 'arrow, ndjson: column that holds the vector, if the plan has --dimensions',
        fallback: 'arrow: vector; ndjson: none',
      },
      ...asInBuild('payload'),
      {
        flags: '--attempt <n>',
        about: 'attempt number in the cluster; if it is in use, the next free number is used',
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
        about: 'memory budget of the engine',
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
    summary: 'publish the shards that the tasks of a build wrote',
    about: `Reads the results of write-shard, one per line, from files or stdin. Selects one attempt per shard, publishes these
attempts, and deletes all others. A shard without a result is an error. It is safe to run again.`,
    args: [
      {
        name: 'results',
        about: 'files; reads stdin if it is - or missing',
        optional: true,
        variadic: true,
      },
    ],
    options: [PLAN, { flags: '--allow-empty', about: 'publish even if all shards have 0 rows' }],
    examples: ['shardy publish --plan plan.json result-*.json'],
    load: () => import('../publish.js'),
  },
]

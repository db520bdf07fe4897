import type { CommandSpec, OptionSpec } from '../command.js'
import { BUILD_SPECS } from './build.js'

/** Options of `build` that `update` does not have: facts of the snapshot, or of the first one. */
const ONLY_BUILD =
  /^(-n, --shards|--max-keys|--expected-rows|--cel|--key-encoding|--allow-empty|--resume|--concurrency|--vector|--dimensions|--metric|--payload|-k, --key )/

/** The options that `update` shares with `build`. */
const SHARED: readonly OptionSpec[] = BUILD_SPECS[0]!.options!.filter(
  ({ flags }) => !ONLY_BUILD.test(flags),
)

export const UPDATE_SPECS: readonly CommandSpec[] = [
  {
    name: 'update',
    pipedAs: 'table',
    group: 'build',
    summary: 'publish the next snapshot from the current one and changes',
    about: `Reads changes in the formats of "shardy build" and publishes the next snapshot. Only shards with changes are written;
the others are taken over as they are, neither copied nor read. Sharding, key encoding and engine stay. Readers see
nothing before the update is complete.

A row puts its key, or deletes it: with --delete-column, if that column is true, 1, d, delete or deleted; it puts if the
column is false, 0, empty, missing, or names another operation, such as put, c, u, r, insert or update. The column is not
a part of the stored row. With --tombstones, a row deletes its key if its value column is null, missing, or empty in CSV.
The last change of a key counts. Deletes of keys that do not exist do nothing.

If another snapshot was published since the update began, nothing is published. Without changes, the next snapshot has
the same shards.`,
    args: BUILD_SPECS[0]!.args!,
    options: [
      {
        flags: '-k, --key <column>',
        about: 'column that holds the key',
        fallback: 'that of the current snapshot',
      },
      {
        flags: '--delete-column <column>',
        about: 'column that says whether a row deletes its key',
      },
      {
        flags: '--tombstones',
        about: 'delete the key of a row without a value, with --value',
      },
      {
        flags: '--expected-current <run>',
        about: 'fail unless this run id, or manifest URL, is the current snapshot',
      },
      { flags: '--dry-run', about: 'show which shards would be written, and write nothing' },
      {
        flags: '--resume <run-id>',
        about:
          'resume an update that died, with the same changes; writes only the unfinished shards',
      },
      {
        flags: '--concurrency <n>',
        about: 'shards merged at the same time',
        fallback: '2 to 4, as many as fit in the memory',
        integer: { min: 1, unit: 'shards' },
      },
      ...SHARED,
    ],
    examples: [
      'shardy update changes.ndjson --prefix file:///data/snap --key id --delete-column op',
      'shardy update changes.csv -p s3://bucket/prices --value price --tombstones --dry-run',
    ],
    load: () => import('../update.js'),
  },
]

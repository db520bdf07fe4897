import { ENGINE_NAMES } from '../config/setting-list.js'
import { BYTE_FORMATS } from '../output/render-bytes.js'
import { OUTPUT_FORMATS } from '../output/printer.js'
import type { OptionSpec } from './command.js'

/** Options of every command, before or after its name. */
export const GLOBAL_OPTIONS: readonly OptionSpec[] = [
  {
    flags: '-p, --prefix <where>',
    about: 'location of the snapshot: s3://bucket/path, file:///path, or a folder',
  },
  {
    flags: '--run <run>',
    about:
      'read this run instead of the current one: an id, a unique prefix of one, or current~1 for the run before it',
  },
  { flags: '--format <format>', about: 'output format', choices: OUTPUT_FORMATS },
  { flags: '--json', about: 'the same as --format json' },
  { flags: '--ndjson', about: 'the same as --format ndjson: one JSON object per line' },
  { flags: '--csv', about: 'the same as --format csv' },
  { flags: '--raw', about: 'the same as --format raw: the unchanged bytes of values' },
  {
    flags: '--keys <as>',
    about: 'format of keys, in arguments and in the output',
    choices: BYTE_FORMATS,
    fallback: 'auto: integers, text, or hex for byte keys',
  },
  {
    flags: '--values <as>',
    about: 'format of values in the output',
    choices: BYTE_FORMATS,
    fallback: 'auto: JSON, text, or base64',
  },
  { flags: '--config <file>', about: 'settings file (TOML)' },
  {
    flags: '--profile <name>',
    about: 'add the settings of [profiles.name], which override the others',
  },
  {
    flags: '--engine <engine>',
    about:
      'engine that reads and writes shards: auto, wasm, native, sqlite, sqlite-vec, lancedb, slatedb+lancedb, sqlite+lancedb, or module#export, such as ./engine.mjs#toy',
    suggestions: ENGINE_NAMES,
  },
  {
    flags: '--engine-options <json>',
    about:
      'options of the engine, if it is sqlite, sqlite-vec or module#export, or those of lancedb',
  },
  {
    flags: '--catalog <catalog>',
    about:
      'catalog that stores manifests, as postgres://user@host/database (with the password in PGPASSWORD), or as module#export, such as @shardyfusion/core#objectCatalog; by default they are stored below the prefix',
  },
  { flags: '--catalog-options <json>', about: 'options of the catalog' },
  {
    flags: '--shard-urls <where>',
    about: 'allowed shard locations: below the prefix, any, or rebase for a copied snapshot',
    choices: ['below', 'any', 'rebase'],
  },
  {
    flags: '--cache <folder>',
    about: 'folder in which parts of shards are cached, for this and later calls',
  },
  {
    flags: '--s3 <name=value>',
    about: 'S3 connection: endpoint, region, profile, addressing, …',
    repeat: true,
  },
  { flags: '--env-file <file>', about: 'file of KEY=value lines, such as credentials' },
  {
    flags: '--timeout-ms <ms>',
    about: 'time limit of one call to the snapshot',
    integer: { min: 1, unit: 'milliseconds' },
  },
  { flags: '--color', about: 'use colors even if the output is not a terminal' },
  { flags: '--no-color', about: 'use no colors; the same as NO_COLOR=1' },
  { flags: '-v, --verbose', about: 'show details and stacks of errors' },
]

export const CONTEXT_OPTION: OptionSpec = {
  flags: '--context <column=value>',
  about: 'column value for the CEL expression that shards the snapshot',
  repeat: true,
}

export const PROGRESS_OPTION: OptionSpec = {
  flags: '--no-progress',
  about: 'show no progress on stderr',
}

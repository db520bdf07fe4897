import { ENGINE_NAMES } from '../config/setting-list.js'
import { BYTE_FORMATS } from '../output/render-bytes.js'
import { OUTPUT_FORMATS } from '../output/printer.js'
import type { OptionSpec } from './command.js'

/** Options of every command, before or after its name. */
export const GLOBAL_OPTIONS: readonly OptionSpec[] = [
  {
    flags: '-p, --prefix <where>',
    about: 'where the snapshot lies: s3://bucket/path, file:///path, or a folder',
  },
  {
    flags: '--run <run>',
    about:
      'read this run instead of the current one: its id, the beginning of it, or current~1 for the one before',
  },
  { flags: '--format <format>', about: 'how results are printed', choices: OUTPUT_FORMATS },
  { flags: '--json', about: 'the same as --format json' },
  { flags: '--ndjson', about: 'the same as --format ndjson: one JSON object per line' },
  { flags: '--csv', about: 'the same as --format csv' },
  { flags: '--raw', about: 'the same as --format raw: bytes of values as they are' },
  {
    flags: '--keys <as>',
    about: 'how keys are given and shown',
    choices: BYTE_FORMATS,
    fallback: 'auto: numbers, text, or hex where keys are bytes',
  },
  {
    flags: '--values <as>',
    about: 'how values are shown',
    choices: BYTE_FORMATS,
    fallback: 'auto: JSON, text, or base64',
  },
  { flags: '--config <file>', about: 'settings file (TOML)' },
  { flags: '--profile <name>', about: 'settings of [profiles.name] on top of the others' },
  {
    flags: '--engine <engine>',
    about:
      'what reads and writes shards: auto, wasm, native, or one of your own as module#export, such as ./engine.mjs#toy',
    suggestions: ENGINE_NAMES,
  },
  { flags: '--engine-options <json>', about: 'options of the engine, with module#export' },
  {
    flags: '--catalog <catalog>',
    about:
      'where manifests and run records are kept, if not below the prefix, as module#export: @shardyfusion/core#objectCatalog',
  },
  { flags: '--catalog-options <json>', about: 'options of the catalog' },
  {
    flags: '--shard-urls <where>',
    about: 'where shards may lie; rebase for a snapshot that was copied',
    choices: ['below', 'any', 'rebase'],
  },
  {
    flags: '--s3 <name=value>',
    about: 'S3 connection: endpoint, region, addressing, …',
    repeat: true,
  },
  { flags: '--env-file <file>', about: 'file of KEY=value lines, such as credentials' },
  {
    flags: '--timeout-ms <ms>',
    about: 'bound on one call to the snapshot',
    integer: { min: 1, unit: 'milliseconds' },
  },
  { flags: '--color', about: 'colours, also where the output is no terminal' },
  { flags: '--no-color', about: 'no colours; NO_COLOR says the same' },
  { flags: '-v, --verbose', about: 'errors with their details and what caused them' },
]

export const CONTEXT_OPTION: OptionSpec = {
  flags: '--context <column=value>',
  about: 'column of the CEL expression the snapshot is sharded by',
  repeat: true,
}

export const PROGRESS_OPTION: OptionSpec = {
  flags: '--no-progress',
  about: 'no progress on stderr',
}

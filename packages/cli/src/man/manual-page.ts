import type { CommandSpec, OptionSpec } from '../commands/command.js'
import { GLOBAL_OPTIONS } from '../commands/shared-options.js'
import { COMMANDS } from '../commands/specs.js'
import { SETTINGS } from '../config/setting-list.js'

const EXIT_CODES: readonly (readonly [string, string])[] = [
  ['0', 'found, done, nothing to complain about'],
  ['1', 'no such key, or a finding; the commands say which'],
  ['2', 'the words on the command line, or settings, are wrong'],
  ['3', 'it could not be done'],
  ['130', 'stopped by Ctrl-C'],
]

const FILES: readonly (readonly [string, string])[] = [
  ['./shardy.toml', 'settings of a folder'],
  ['~/.config/shardy/config.toml', 'settings of a user, where the folder has none'],
  ['~/.local/state/shardy/history', 'lines typed in the REPL'],
]

/** The manual page shardy(1) in roff, made from the same specs as parser, help and completion. */
export function manualPage(version: string): string {
  return [
    `.TH SHARDY 1 "" "shardy ${version}" "User Commands"`,
    '.SH NAME',
    'shardy \\- build, look up, inspect, roll back and clean up sharded snapshots',
    '.SH SYNOPSIS',
    '.B shardy',
    '.I command',
    '.RI [ options ]',
    '.SH DESCRIPTION',
    text(
      'A snapshot is an immutable table of keys and values, spread over shards in a folder or on S3, and published ' +
        'in one step. Commands build snapshots from files, look into them, and see to what was published.',
    ),
    '.PP',
    text(
      'On a terminal results are tables; elsewhere they are one JSON object per line, unless a format is asked for.',
    ),
    '.SH COMMANDS',
    ...COMMANDS.flatMap((spec) => command(spec, '')),
    '.SH GLOBAL OPTIONS',
    text('Before or after the name of the command.'),
    ...GLOBAL_OPTIONS.flatMap(option),
    '.SH SETTINGS',
    text(
      'Flags win over environment variables, and those over the settings file, which is TOML with these names; ' +
        '"s3." names a table, and [profiles.NAME] holds settings for --profile NAME. A path in it is relative to it. ' +
        'The file is that of --config or SHARDY_CONFIG, else the first that exists of those below FILES.',
    ),
    ...SETTINGS.flatMap(({ name, env, about }) => [
      '.TP',
      `.B ${escaped(name)}`,
      text(
        [about, env.length === 0 ? '' : `(${env.join(', ')})`].filter(Boolean).join(' ') ||
          'see above',
      ),
    ]),
    '.SH EXIT STATUS',
    ...EXIT_CODES.flatMap(([code, meaning]) => ['.TP', `.B ${code}`, text(meaning)]),
    '.SH ENVIRONMENT',
    text(
      'Besides the variables of the settings: SHARDY_CONFIG and SHARDY_PROFILE name the settings file and the profile; ' +
        'NO_COLOR and FORCE_COLOR decide on colours; AWS_… variables are those of the AWS SDK.',
    ),
    '.SH FILES',
    ...FILES.flatMap(([path, about]) => ['.TP', `.I ${escaped(path)}`, text(about)]),
    '',
  ].join('\n')
}

function command(spec: CommandSpec, before: string): string[] {
  const name = `${before}${spec.name}`
  if (spec.subcommands !== undefined)
    return spec.subcommands.flatMap((child) => command(child, `${name} `))
  const words = (spec.args ?? []).map(({ name: arg, optional, variadic }) => {
    const dots = variadic === true ? '...' : ''
    return optional === true ? `[${arg}${dots}]` : `${arg}${dots}`
  })
  return [
    `.SS ${escaped([`shardy ${name}`, ...words, spec.options === undefined ? '' : '[options]'].filter(Boolean).join(' '))}`,
    text(`${capitalised(spec.summary)}.`),
    ...paragraphs(spec.about),
    ...(spec.args ?? []).flatMap(({ name: arg, about, choices }) => [
      '.TP',
      `.I ${escaped(arg)}`,
      text(choices === undefined ? about : `${about}: ${choices.join(', ')}`),
    ]),
    ...(spec.options ?? []).flatMap(option),
    ...(spec.finding === undefined ? [] : ['.PP', text(`Exit code 1: ${spec.finding}.`)]),
    ...(spec.examples === undefined
      ? []
      : ['.PP', '.nf', '.RS', ...spec.examples.map((line) => text(`$ ${line}`)), '.RE', '.fi']),
  ]
}

function option({ flags, about, choices, fallback }: OptionSpec): string[] {
  const more = [
    choices === undefined ? '' : ` (${choices.join(', ')})`,
    fallback === undefined ? '' : ` (default: ${fallback})`,
  ]
  return ['.TP', `.B ${escaped(flags)}`, text(about + more.join(''))]
}

/** Indented lines stand as they are. */
function paragraphs(about: string | undefined): string[] {
  if (about === undefined) return []
  return about.split('\n\n').flatMap((paragraph) => {
    const lines = paragraph.split('\n').map(text).join('\n')
    return /^\s/.test(paragraph) ? ['.PP', '.nf', lines, '.fi'] : ['.PP', lines]
  })
}

/** Text of a line of its own: a dot or quote at its start would be a request. */
function text(line: string): string {
  const safe = escaped(line)
  return /^[.']/.test(safe) ? `\\&${safe}` : safe
}

function escaped(line: string): string {
  return line.replaceAll('\\', '\\e').replaceAll('-', '\\-')
}

function capitalised(line: string): string {
  return line.charAt(0).toUpperCase() + line.slice(1)
}

import type { CommandSpec, OptionSpec } from '../commands/command.js'
import { GLOBAL_OPTIONS } from '../commands/shared-options.js'
import { COMMANDS } from '../commands/specs.js'
import { SETTINGS } from '../config/setting-list.js'

const EXIT_CODES: readonly (readonly [string, string])[] = [
  ['0', 'success'],
  ['1', 'the key does not exist, or the command has a finding, as described there'],
  ['2', 'invalid command line or settings'],
  ['3', 'the command failed'],
  ['130', 'stopped by Ctrl-C'],
]

const FILES: readonly (readonly [string, string])[] = [
  ['./shardy.toml', 'settings of the current folder'],
  ['~/.config/shardy/config.toml', 'settings of the user, if ./shardy.toml does not exist'],
  ['~/.local/state/shardy/history', 'history of the REPL'],
]

/** The manual page shardy(1) in roff, generated from the specs that the parser, the help and completion use. */
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
      'A snapshot is an immutable table of keys and values. It is split into shards, stored in a folder or on S3, and ' +
        'published atomically. The commands build, read, inspect and maintain snapshots.',
    ),
    '.PP',
    text(
      'Results are tables on a terminal, and one JSON object per line elsewhere. --format selects another format.',
    ),
    '.SH COMMANDS',
    ...COMMANDS.flatMap((spec) => command(spec, '')),
    '.SH GLOBAL OPTIONS',
    text('These options may precede or follow the name of the command.'),
    ...GLOBAL_OPTIONS.flatMap(option),
    '.SH SETTINGS',
    text(
      'Flags override environment variables, which override the settings file. The file is TOML with the names below; ' +
        '"s3." is a table, and [profiles.NAME] contains settings for --profile NAME. Paths in it are relative to its ' +
        'folder. --config or SHARDY_CONFIG names the file; the default is the first existing file of those under FILES.',
    ),
    ...SETTINGS.flatMap(({ name, env, about }) => [
      '.TP',
      `.B ${escaped(name)}`,
      text([about, env.length === 0 ? '' : `(${env.join(', ')})`].filter(Boolean).join(' ')),
    ]),
    '.SH EXIT STATUS',
    ...EXIT_CODES.flatMap(([code, meaning]) => ['.TP', `.B ${code}`, text(meaning)]),
    '.SH ENVIRONMENT',
    text(
      'SHARDY_CONFIG and SHARDY_PROFILE name the settings file and the profile. NO_COLOR and FORCE_COLOR turn colors ' +
        'off and on. SETTINGS lists the variables of each setting. The AWS SDK reads further AWS_… variables.',
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

/** Keeps indented paragraphs unchanged. */
function paragraphs(about: string | undefined): string[] {
  if (about === undefined) return []
  return about.split('\n\n').flatMap((paragraph) => {
    const lines = paragraph.split('\n').map(text).join('\n')
    return /^\s/.test(paragraph) ? ['.PP', '.nf', lines, '.fi'] : ['.PP', lines]
  })
}

/** A line of text. Escapes a leading dot or quote, which roff would read as a request. */
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

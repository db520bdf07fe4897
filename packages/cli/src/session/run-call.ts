import type { Run } from '../commands/command.js'
import { openParts, type Parts } from '../config/parts.js'
import { resolveSettings, type Settings } from '../config/settings.js'
import { OUTPUT_FORMATS, type OutputFormat, Printer } from '../output/printer.js'
import type { ByteFormat } from '../output/render-bytes.js'
import type { Sink } from '../output/sink.js'
import { paintFor, wantsColor } from '../output/style.js'
import { printable } from '../output/table.js'
import { terminalOf } from '../output/terminal.js'
import type { GlobalFlags, ParsedCall } from '../program.js'
import { expectBriefRun } from '../util/brief-start.js'
import { UsageError } from '../util/usage-error.js'
import type { Context } from './context.js'
import { loadLibrary } from './library.js'
import { Session } from './session.js'

/** The setting of each global option that is one. */
const SETTING_FLAGS = {
  prefix: 'prefix',
  engine: 'engine',
  engineOptions: 'engine-options',
  catalog: 'catalog',
  catalogOptions: 'catalog-options',
  shardUrls: 'shard-urls',
  cache: 'cache.folder',
  timeoutMs: 'timeout-ms',
  format: 'format',
  keys: 'keys',
  values: 'values',
  envFile: 'env-file',
} as const satisfies Partial<Record<keyof GlobalFlags, string>>

const NO_PARTS: Parts = { engine: undefined, catalog: undefined }

/** Runs a parsed command: resolves the settings, opens the session, and closes it at the end. */
export async function runCall(call: ParsedCall, stdout: Sink, stderr: Sink): Promise<number> {
  const { spec, args, options, globals } = call
  const settings = await resolveSettings(settingFlags(globals), process.env)
  if (spec.brief === true) expectBriefRun()
  // A command without a snapshot needs no engine.
  const parts = spec.offline === true ? NO_PARTS : await openParts(settings)
  const session = new Session(
    settings,
    parts,
    spec.offline === true || spec.inThread === true ? undefined : await loadLibrary(),
    globals.run,
    (text) => context.writeErr(`${context.paint('yellow', 'warning:')} ${printable(text)}\n`),
  )
  const context = createContext(call, settings, parts, session, stdout, stderr)
  for (const warning of settings.warnings)
    context.writeErr(`${context.paint('yellow', 'note:')} ${warning}\n`)
  const { run } = await spec.load!()
  try {
    return await (run as Run)({ context, args, options, commands: call.commands })
  } finally {
    await session.close()
    await parts.catalog?.close?.()
  }
}

function createContext(
  { globals, spec }: ParsedCall,
  settings: Settings,
  parts: Parts,
  session: Session,
  stdout: Sink,
  stderr: Sink,
): Context {
  const out = terminalOf(1)
  const err = terminalOf(2)
  const chosenFormat = formatFlag(globals) ?? (settings.text('format') as OutputFormat | undefined)
  return {
    settings,
    parts,
    session,
    printer: new Printer({
      format: chosenFormat ?? (out.isTerminal ? 'table' : (spec.pipedAs ?? 'ndjson')),
      write: (data) => stdout.write(data),
      paint: paintFor(wantsColor(out.isTerminal, process.env, globals.color)),
      columns: out.columns,
      isTerminal: out.isTerminal,
    }),
    chosenFormat,
    keysAs: (settings.text('keys') ?? 'auto') as ByteFormat,
    valuesAs: (settings.text('values') ?? 'auto') as ByteFormat,
    verbose: globals.verbose === true,
    stdin: terminalOf(0),
    stdout: out,
    stderr: err,
    paint: paintFor(wantsColor(err.isTerminal, process.env, globals.color)),
    writeErr: (text) => {
      stderr.write(text)
      stderr.flush()
    },
    flush: () => stdout.flush(),
    // Without a listener, Ctrl-C ends the process.
    checkInterrupt: () => undefined,
  }
}

/** The chosen format. Errors: UsageError for more than one. */
export function formatFlag(globals: GlobalFlags): OutputFormat | undefined {
  const short = (['json', 'ndjson', 'csv', 'raw'] as const).filter((name) => globals[name] === true)
  const all = globals.format === undefined ? short : [globals.format, ...short]
  if (all.length <= 1) return all[0] as OutputFormat | undefined
  throw new UsageError(
    `expected one output format, got ${all.join(' and ')}; the formats are ${OUTPUT_FORMATS.join(', ')}`,
  )
}

function settingFlags(globals: GlobalFlags): Parameters<typeof resolveSettings>[0] {
  const values = new Map<string, string>()
  for (const [flag, setting] of Object.entries(SETTING_FLAGS)) {
    const given = globals[flag as keyof GlobalFlags]
    if (given !== undefined) values.set(setting, String(given))
  }
  return { config: globals.config, profile: globals.profile, values, s3: globals.s3 ?? [] }
}

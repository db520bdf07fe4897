import type { SettingKind } from '../config/setting-list.js'
import type { ResolvedSetting } from '../config/settings.js'
import type { Cell } from '../output/json-text.js'
import { EXIT } from '../util/exit-codes.js'
import type { Call } from './command.js'

const MASK = '********'

export function run({ context }: Call): number {
  const { settings, printer } = context
  const rows = [...settings.all.values()].map(shown)
  printer.rows([{ name: 'setting' }, { name: 'value' }, { name: 'from' }], rows)
  if (printer.format === 'table') {
    context.flush()
    const file = settings.file ?? 'none: neither ./shardy.toml nor ~/.config/shardy/config.toml'
    context.writeErr(context.paint('dim', `settings file: ${file}\n`))
  }
  return EXIT.ok
}

function shown({ spec, value, source }: ResolvedSetting): Record<string, Cell> {
  return {
    setting: spec.name,
    value: spec.secret === true ? MASK : withoutPassword(value, spec.kind),
    from: source,
  }
}

/** Masks the user and password of a URL. */
function withoutPassword(value: Cell, kind: SettingKind): Cell {
  const isUrl = kind.type === 'text' || kind.type === 'location' || kind.type === 'module'
  if (typeof value !== 'string' || !isUrl) return value
  const start = value.indexOf('://')
  if (start < 0) return value
  const slash = value.indexOf('/', start + 3)
  const at = value.lastIndexOf('@', slash < 0 ? value.length : slash)
  return at < start ? value : `${value.slice(0, start + 3)}${MASK}${value.slice(at)}`
}

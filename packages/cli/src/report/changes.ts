import { formatBytes, formatCount } from '../output/units.js'
import type { ReportData, ReportRun } from './report-data.js'

/** How a run differs from the one published before it; `undefined` where one of both is unknown. */
export interface Change {
  readonly rows: string | undefined
  readonly bytes: string | undefined
}

/** The change of the run that the report is about. */
export function changeOf({ runs }: ReportData): Change {
  const at = runs.findIndex(({ isShown }) => isShown)
  return changeBetween(runs[at - 1], runs[at])
}

export function changeBetween(before: ReportRun | undefined, run: ReportRun | undefined): Change {
  return {
    rows: difference(before?.rows, run?.rows, formatCount),
    bytes: difference(before?.bytes || undefined, run?.bytes || undefined, formatBytes),
  }
}

/** `+1,200 (+2.4 %)`; the sign is a minus, not a hyphen. */
function difference(
  before: number | undefined,
  now: number | undefined,
  show: (value: number) => string,
): string | undefined {
  if (before === undefined || now === undefined) return undefined
  if (before === now) return 'no change'
  const sign = now > before ? '+' : '−'
  const part = before === 0 ? '' : ` (${sign}${percent(Math.abs(now - before) / before)})`
  return `${sign}${show(Math.abs(now - before))}${part}`
}

function percent(part: number): string {
  const value = part * 100
  return `${value < 0.1 ? value.toPrecision(1) : value < 10 ? value.toFixed(1) : Math.round(value)} %`
}

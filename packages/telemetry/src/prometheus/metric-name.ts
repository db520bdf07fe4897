import type { Instrument } from '../metrics/instruments.js'

/** Returns the name of an instrument in Prometheus: with its unit and, for counters, `_total`. */
export function metricName({ name, unit, kind }: Instrument, namePrefix: string): string {
  const hasUnit = unit === undefined || name.endsWith(`_${unit}`)
  return `${namePrefix}${name}${hasUnit ? '' : `_${unit}`}${kind === 'counter' ? '_total' : ''}`
}

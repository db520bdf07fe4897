/** 135,233 */
export function formatCount(count: number | bigint): string {
  // `toLocaleString` loads the data of all languages at its first call (15 ms).
  let digits = String(count)
  let grouped = ''
  for (; digits.length > 3; digits = digits.slice(0, -3)) grouped = `,${digits.slice(-3)}${grouped}`
  return `${digits}${grouped}`
}

/** 812 B, 1.97 MiB */
export function formatBytes(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`
  const units = ['KiB', 'MiB', 'GiB', 'TiB']
  let size = bytes / 1024
  let unit = 0
  while (size >= 1024 && unit < units.length - 1) {
    size /= 1024
    unit++
  }
  return `${threeDigits(size)} ${units[unit]}`
}

/** 0.31 ms, 22.3 ms, 5.10 s, 2m05s, 3h02m, 4d07h */
export function formatMs(ms: number): string {
  if (ms < 1000) return `${threeDigits(ms)} ms`
  const seconds = Math.round(ms / 1000)
  if (seconds < 60) return `${threeDigits(ms / 1000)} s`
  if (seconds < 3600) return `${Math.floor(seconds / 60)}m${two(seconds % 60)}s`
  const minutes = Math.floor(seconds / 60)
  if (minutes < 24 * 60) return `${Math.floor(minutes / 60)}h${two(minutes % 60)}m`
  return `${Math.floor(minutes / 1440)}d${two(Math.floor(minutes / 60) % 24)}h`
}

function two(value: number): string {
  return String(value).padStart(2, '0')
}

function threeDigits(value: number): string {
  return value.toFixed(value < 9.995 ? 2 : value < 99.95 ? 1 : 0)
}

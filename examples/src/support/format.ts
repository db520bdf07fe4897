/** 135,233 */
export function formatCount(count: number): string {
  return count.toLocaleString('en-US')
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

/** 0.31 ms, 22.3 ms, 5.10 s */
export function formatMs(ms: number): string {
  return ms < 1000 ? `${threeDigits(ms)} ms` : `${threeDigits(ms / 1000)} s`
}

function threeDigits(value: number): string {
  return value.toFixed(value < 10 ? 2 : value < 100 ? 1 : 0)
}

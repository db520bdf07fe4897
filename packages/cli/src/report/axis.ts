/** About `count` round values from 0 to at least `max`. */
export function ticks(max: number, count = 4): number[] {
  if (max <= 0) return [0, 1]
  const rough = max / count
  const power = 10 ** Math.floor(Math.log10(rough))
  const step = [1, 2, 2.5, 5, 10].map((factor) => factor * power).find((size) => size >= rough)!
  const top = Math.ceil(max / step - 1e-9)
  return Array.from({ length: top + 1 }, (_, i) => i * step)
}

/** The same for bytes, in powers of two. */
export function byteTicks(max: number, count = 4): number[] {
  if (max < 4) return ticks(max, count)
  const rough = max / count
  const power = 2 ** Math.floor(Math.log2(rough))
  const step = power >= rough ? power : power * 2
  const top = Math.ceil(max / step - 1e-9)
  return Array.from({ length: top + 1 }, (_, i) => i * step)
}

/** The same for milliseconds, in round seconds, minutes and hours. */
export function timeTicks(max: number, count = 4): number[] {
  const steps = [
    1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 15_000, 30_000, 60_000, 120_000,
    300_000, 600_000, 900_000, 1_800_000, 3_600_000, 7_200_000, 14_400_000, 28_800_000, 86_400_000,
  ]
  const step = steps.find((size) => size * count >= max) ?? ticks(max, count)[1]!
  const top = Math.max(1, Math.ceil(max / step - 1e-9))
  return Array.from({ length: top + 1 }, (_, i) => i * step)
}

/** A short axis label: 1.2k, 35k, 4M. */
export function shortCount(value: number): string {
  for (const [size, unit] of [
    [1e9, 'G'],
    [1e6, 'M'],
    [1e3, 'k'],
  ] as const) {
    if (value >= size) return `${trim(value / size)}${unit}`
  }
  return trim(value)
}

function trim(value: number): string {
  return String(Number(value.toFixed(value < 10 ? 1 : 0)))
}

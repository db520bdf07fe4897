// SHARDYFUSION_SOAK=1 asks for the long forms of tests, as `.ci/run` does; a larger number multiplies their length.
const factor = Number(process.env['SHARDYFUSION_SOAK'] || 0)
if (!(factor >= 0)) throw new Error('SHARDYFUSION_SOAK must be a number')

/** Whether the long forms of tests run. */
export const IS_SOAK = factor > 0

/** The size of a test: `small` by default and at least, `large` or a multiple of it in the long form. */
export function soak(small: number, large: number): number {
  return IS_SOAK ? Math.max(small, Math.round(large * factor)) : small
}

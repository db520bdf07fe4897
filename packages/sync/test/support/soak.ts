/** The size of a test: small by default, large where `SHARDYFUSION_SOAK=1` asks for it, as `.ci/run` does. */
export function soak(small: number, large: number): number {
  return process.env['SHARDYFUSION_SOAK'] === '1' ? large : small
}

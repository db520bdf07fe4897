/** True for a run that only checks that a benchmark works. Its figures are meaningless. */
export const SHORT = process.env['BENCH_SHORT'] === '1'

/** True for a run that only has to show that a benchmark works; its figures mean nothing. */
export const SHORT = process.env['BENCH_SHORT'] === '1'

/** The exports of rust/src. Addresses are unsigned integers of 32 bits. */
export interface KernelExports {
  readonly memory: WebAssembly.Memory
  readonly __heap_base: WebAssembly.Global
  inverse_norms(rows: number, count: number, dim: number, out: number): number
  encode(rows: number, count: number, dim: number, out: number): void
  scan(job: number): void
  rank_lists(job: number): void
  scan_lists(job: number): void
  assign_codes(job: number): void
  distance(row: number, query: number, dim: number, metric: number): number
  quantize(
    rows: number,
    count: number,
    dim: number,
    codes: number,
    scales: number,
    places: number,
  ): void
  assign(
    points: number,
    count: number,
    dim: number,
    centroids: number,
    biases: number,
    centroidCount: number,
    out: number,
  ): void
  accumulate(
    points: number,
    count: number,
    dim: number,
    centroids: number,
    sums: number,
    counts: number,
    weights: number,
  ): void
}

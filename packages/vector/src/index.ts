// Vector search in snapshots.
export { kernelKind } from './kernel-kind.js'
export type { Metric } from './kernel/kernel.js'

export { runEngineConformance } from './engine-conformance.js'
export type { EngineConformanceHarness } from './engine-conformance.js'

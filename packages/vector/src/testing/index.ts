export { runVectorConformance, type VectorConformanceHarness } from './vector-conformance.js'

export {
  runVectorBuildConformance,
  type VectorBuildConformanceHarness,
} from './vector-build-conformance.js'
export { runVectorConformance, type VectorConformanceHarness } from './vector-conformance.js'

// Bundles the packages that have changed. A separate program, because it needs dependencies that a fresh clone does not
// have when the commands in run.mjs start.
import { bundlePackages } from './lib/bundle.mjs'

await bundlePackages()

import { compareHashes } from './record.mjs'
import { hasToolchain } from './toolchain.mjs'

/**
 * Fails unless `wasm/` was built from the sources. Only a new build proves this, because hashes can be changed together
 * with the module.
 *
 * @param {() => void} buildAndCompare fails if a new build differs from `wasm/`
 * @param {boolean} [canBuild]
 */
export function check(buildAndCompare, canBuild = hasToolchain()) {
  if (canBuild) {
    buildAndCompare()
    console.log('wasm/ was built from these sources: a new build has the same bytes')
    return
  }
  compareHashes()
  console.log('not proven that wasm/ was built from these sources: no Rust here to build them with')
}

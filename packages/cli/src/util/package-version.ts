/** Set when the package is bundled (scripts/lib/bundle.mjs), so that a bundle needs no package.json. */
declare const PACKAGE_VERSION: string

/** The version of this package, from its package.json. */
export function packageVersion(): string {
  return PACKAGE_VERSION
}

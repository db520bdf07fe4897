// This file uses old JavaScript syntax, because every Node with modules must be able to parse it.

/**
 * Whether the tools of this repository run on a Node version. The packages need only Node 20, but the linter, the
 * formatter and the coverage tool need these minor versions.
 *
 * @param {string} version such as `20.19.0`
 */
export function isSupportedNode(version) {
  const parts = version.split('.').map(Number)
  const major = parts[0] || 0
  const minor = parts[1] || 0
  if (major === 20) return minor >= 19
  if (major === 22) return minor >= 12
  return major >= 23
}

/** Ends the process with a message if this Node is too old. */
export function requireNode() {
  if (isSupportedNode(process.versions.node)) return
  console.error(
    'Node: this repository needs Node 20 (20.19 or newer), 22 (22.12 or newer) or later, got ' +
      process.versions.node +
      '; install a current release from https://nodejs.org or run `nvm install`',
  )
  process.exit(1)
}

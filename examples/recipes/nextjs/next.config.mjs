export default {
  // Node loads these packages; Next does not bundle them.
  serverExternalPackages: ['@shardyfusion/core'],
}

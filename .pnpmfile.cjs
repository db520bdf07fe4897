// LanceDB's package asks for Node 22, and its native module runs on Node 20.19 as well: the tests of packages/lancedb run there.
function readPackage(pkg) {
  if (pkg.name === '@lancedb/lancedb') delete pkg.engines
  return pkg
}

module.exports = { hooks: { readPackage } }

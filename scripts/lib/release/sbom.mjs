import { createHash } from 'node:crypto'

/**
 * A CycloneDX document with the parts that differ from run to run replaced: the time is the one given, lists are sorted,
 * and the serial number is derived from the content.
 *
 * @param {string} text a document of `pnpm sbom`
 * @param {Date} time
 */
export function reproducibleSbom(text, time) {
  const document = JSON.parse(text)
  document.metadata.timestamp = time.toISOString()
  delete document.serialNumber
  const byRef = (/** @type {any} */ a, /** @type {any} */ b) => compare(key(a), key(b))
  document.components?.sort(byRef)
  document.dependencies?.sort(byRef)
  for (const { dependsOn } of document.dependencies ?? []) dependsOn?.sort(compare)
  const hash = createHash('sha256').update(JSON.stringify(document)).digest('hex')
  const uuid = `${hash.slice(0, 8)}-${hash.slice(8, 12)}-8${hash.slice(13, 16)}-8${hash.slice(17, 20)}-${hash.slice(20, 32)}`
  const { $schema, bomFormat, specVersion, ...rest } = document
  const ordered = { $schema, bomFormat, specVersion, serialNumber: `urn:uuid:${uuid}`, ...rest }
  return `${JSON.stringify(ordered, null, 2)}\n`
}

function key(/** @type {any} */ item) {
  return String(item['bom-ref'] ?? item.ref ?? '')
}

function compare(/** @type {string} */ a, /** @type {string} */ b) {
  return a < b ? -1 : a > b ? 1 : 0
}

// Written by hand: the module as text, which scripts/lib/bundle.mjs puts into the entry `inline`.
declare const gzippedBase64: string
export default gzippedBase64

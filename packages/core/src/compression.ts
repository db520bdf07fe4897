// Values that are compressed one by one.
export { type CompressedOptions, compressedValues } from './values/compressed-values.js'

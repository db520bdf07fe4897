import * as v from 'valibot'
import { signalSchema } from '../options/call-options.js'
import type { ObjectStore } from './object-store.js'
import type { S3Options } from './s3/connect/s3-options.js'

/** What everything that reads or writes a store takes. */
export interface StorageOptions {
  /** Store for everything but what the engine moves itself; by default chosen by the URL's scheme. */
  objects?: ObjectStore | undefined
  /** Environment variables for this one object (credentials, endpoint); they win over `s3` and over the process's. */
  env?: Record<string, string> | undefined
  /** File of `KEY=value` lines to the same end; `env` wins. */
  envFile?: string | undefined
  /** Connection to S3 or a compatible store, for `s3://` URLs: of the SDK's own requests and of the engine's. */
  s3?: S3Options | undefined
  /** Aborts opening (readers) or the whole work (writers and the like); calls reject with the signal's reason. */
  signal?: AbortSignal | undefined
}

/** Checked where stores are opened, too: the entries of `StorageOptions`. */
export const storageEntries = {
  objects: v.optional(
    v.custom<ObjectStore>(
      (value) => typeof (value as ObjectStore | null)?.listPrefixes === 'function',
      'must be an object store',
    ),
  ),
  env: v.optional(
    v.record(v.string(), v.string('must be an object of strings'), 'must be an object of strings'),
  ),
  envFile: v.optional(v.string('must be the path of a file')),
  // Checked where connections are resolved.
  s3: v.optional(v.any() as v.GenericSchema<S3Options>),
  signal: v.optional(signalSchema),
}

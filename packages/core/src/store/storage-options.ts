import * as v from 'valibot'
import { signalSchema } from '../options/call-options.js'
import type { ObjectStore } from './object-store.js'
import type { S3Options } from './s3/connect/s3-options.js'

/** Options of every class that reads or writes a store. */
export interface StorageOptions {
  /**
   * Store for everything except the engine's own transfers; by default chosen by the URL's scheme.
   */
  objects?: ObjectStore | undefined
  /**
   * Environment variables for this one object (credentials, endpoint); they win over `s3` and over
   * the process's.
   */
  env?: Record<string, string> | undefined
  /** File of `KEY=value` lines with the same effect; `env` wins. */
  envFile?: string | undefined
  /**
   * Connection to S3 or a compatible store for `s3://` URLs: for the SDK's own requests and the
   * engine's.
   */
  s3?: S3Options | undefined
  /**
   * Aborts opening (readers) or the whole work (writers and functions); calls reject with the
   * signal's reason.
   */
  signal?: AbortSignal | undefined
}

/** The schema entries of `StorageOptions`, also checked where stores are opened. */
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

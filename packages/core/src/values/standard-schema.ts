/**
 * A schema that follows [Standard Schema](https://standardschema.dev), such as one of valibot, zod or
 * arktype: `I` is the type that it takes, `O` the type that it returns.
 */
export interface StandardSchema<I = unknown, O = I> {
  /** The part that the specification defines. */
  readonly '~standard': {
    readonly version: 1
    readonly vendor: string
    readonly validate: (value: unknown) => SchemaResult<O> | Promise<SchemaResult<O>>
    /** Exists for the compiler alone. */
    readonly types?: { readonly input: I; readonly output: O } | undefined
  }
}

/** A value, or the reasons why it is none. */
export type SchemaResult<O> =
  | { readonly value: O; readonly issues?: undefined }
  | { readonly issues: readonly SchemaIssue[] }

/** A reason why a value does not fit. */
export interface SchemaIssue {
  /** The reason, for people. */
  readonly message: string
  /** Names of members, from the outermost one. */
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined
}

import type { TestContext } from 'node:test'

/** Gives the process these variables, and none of storage's others, until the test ends. */
export function withProcessEnv(t: TestContext, variables: Record<string, string>): void {
  const saved = { ...process.env }
  const set = (wanted: NodeJS.ProcessEnv): void => {
    // One by one: an object put in its place would not be the environment of the process.
    for (const name of Object.keys(process.env)) if (!(name in wanted)) delete process.env[name]
    for (const [name, value] of Object.entries(wanted)) process.env[name] = value
  }
  t.after(() => set(saved))
  set({
    ...Object.fromEntries(
      Object.entries(saved).filter(([name]) => !/^(AWS|S3|SLATEDB)_/.test(name)),
    ),
    // The files of this machine are none of a test's business.
    AWS_CONFIG_FILE: '/nonexistent',
    AWS_SHARED_CREDENTIALS_FILE: '/nonexistent',
    AWS_EC2_METADATA_DISABLED: 'true',
    ...variables,
  })
}

/** Outside Node there are no files. */
export function readAwsFile(_path: string | undefined, _name: string): string | undefined {
  return undefined
}

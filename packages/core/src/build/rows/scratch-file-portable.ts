/** Returns nothing: outside Node there are no files, and engines store their temporary rows as objects. */
export function scratchFiles(): undefined {
  return undefined
}

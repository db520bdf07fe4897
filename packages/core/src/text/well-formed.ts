/** Returns true if `text` has no lone surrogate, so that encoding it as UTF-8 loses nothing. */
export function isWellFormed(text: string): boolean {
  // Every supported runtime has it, but not the ES2023 typings.
  return (text as string & { isWellFormed(): boolean }).isWellFormed()
}

/** True when `text` has no lone surrogate, so that encoding it as UTF-8 loses nothing. */
export function isWellFormed(text: string): boolean {
  // In every supported runtime, but not in the ES2023 typings.
  return (text as string & { isWellFormed(): boolean }).isWellFormed()
}

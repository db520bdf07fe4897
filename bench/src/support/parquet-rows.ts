/** The text of a row: different in each, as names are. */
export function nameOf(i: number): string {
  return `product ${i} of the catalogue`
}

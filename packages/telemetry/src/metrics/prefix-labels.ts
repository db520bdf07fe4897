/** The label of prefixes beyond the bound. */
const OTHERS = 'other'

/** Returns the label of each prefix: at most `maxPrefixes` different ones, so that series stay few. */
export class PrefixLabels {
  readonly #max: number
  readonly #labelOf: (prefix: string) => string
  readonly #labels = new Map<string, string>()
  readonly #used = new Set<string>()

  constructor(maxPrefixes: number, labelOf: (prefix: string) => string) {
    this.#max = maxPrefixes
    this.#labelOf = labelOf
  }

  of(prefix: string): string {
    return this.#labels.get(prefix) ?? this.#add(prefix)
  }

  #add(prefix: string): string {
    const wanted = this.#labelOf(prefix)
    const label = this.#used.has(wanted) || this.#used.size < this.#max ? wanted : OTHERS
    this.#used.add(label)
    // A program that opens any number of prefixes must not grow this map with each.
    if (this.#labels.size < 10 * this.#max) this.#labels.set(prefix, label)
    return label
  }
}

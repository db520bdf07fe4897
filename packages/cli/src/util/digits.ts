const NOT_DIGIT = /[^0-9]/

/** Whether a text is decimal digits and nothing else, however many. */
export function isDigits(text: string): boolean {
  return text !== '' && !NOT_DIGIT.test(text)
}

/** The same with a minus in front of it, perhaps. */
export function isInteger(text: string): boolean {
  return isDigits(text.startsWith('-') ? text.slice(1) : text)
}

/** Digits without the zeros in front; one stays. */
export function withoutLeadingZeros(digits: string): string {
  let at = 0
  while (at < digits.length - 1 && digits[at] === '0') at++
  return digits.slice(at)
}

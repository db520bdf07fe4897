const NOT_DIGIT = /[^0-9]/

/** Whether a text consists of one or more decimal digits. */
export function isDigits(text: string): boolean {
  return text !== '' && !NOT_DIGIT.test(text)
}

/** The same with an optional minus sign. */
export function isInteger(text: string): boolean {
  return isDigits(text.startsWith('-') ? text.slice(1) : text)
}

/** Removes leading zeros, but keeps the last digit. */
export function withoutLeadingZeros(digits: string): string {
  let at = 0
  while (at < digits.length - 1 && digits[at] === '0') at++
  return digits.slice(at)
}

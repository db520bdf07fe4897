import { openSync } from 'node:fs'

/** Opens files until this process may open no more. */
export function useUpFiles(): void {
  try {
    for (;;) openSync('/dev/null', 'r')
  } catch {
    // No more files.
  }
}

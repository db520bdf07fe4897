import { engineError } from './error-factories.js'
import { limitRemedy } from './limit-remedy.js'

/**
 * Waits for a part of this package that is loaded when it is needed.
 *
 * Errors: SHARD_ENGINE that names the limit of the process by which it could not be loaded, such as that of open files.
 */
export async function loadCode<T>(loading: Promise<T>, where: string): Promise<T> {
  try {
    return await loading
  } catch (cause) {
    const remedy = limitRemedy(cause)
    if (remedy === undefined) throw cause
    throw engineError(where, `a file of the package could not be loaded; ${remedy}`, { cause })
  }
}

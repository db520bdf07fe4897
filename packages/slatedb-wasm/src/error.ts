/**
 * The kind of an error, for programs that handle it.
 *
 * `NotFound` there is no database; `Unavailable` a callback of the store failed (see `cause`), try again;
 * `Closed` the reader or writer is closed; `Fenced` another writer took over; `Transaction` a conflict;
 * `Invalid` a wrong argument or setting; `Data` the stored bytes are damaged; `TooLarge` a value is over a limit;
 * `Unsupported` the engine cannot be started in this process; `Stopped` the engine has stopped while it worked for this
 * database, `Interrupted` while it worked for another one: open the database again; `Internal` a defect.
 */
export type SlateDbErrorKind =
  | 'NotFound'
  | 'Unavailable'
  | 'Closed'
  | 'Fenced'
  | 'Transaction'
  | 'Invalid'
  | 'Data'
  | 'TooLarge'
  | 'Unsupported'
  | 'Stopped'
  | 'Interrupted'
  | 'Internal'

/** Every error of this package; `cause` is what a callback of the object store threw, if one did. */
export class SlateDbError extends Error {
  /** Name of the class. */
  override readonly name = 'SlateDbError'
  /** The kind of failure, to branch on. */
  readonly kind: SlateDbErrorKind

  constructor(kind: SlateDbErrorKind, message: string, options?: ErrorOptions) {
    super(message, options)
    this.kind = kind
  }
}

/** Where a session of one request stands. */
export type SessionStatus =
  /** Nothing is stored. */
  | 'new'
  /** Nothing is stored, and the next commit stores it in any case: somebody has logged in. */
  | 'starting'
  | 'stored'
  /** Stored, and to get a new id with the next commit. */
  | 'regenerating'
  /** It had ended before this request asked for it, which has not changed anything yet. */
  | 'ended'
  /** Another request has ended it; what this one has changed is dropped. */
  | 'interrupted';

/** Lets one piece of work at a time have an id, in the order in which they ask. Only within this process. */
export class SessionLocks {
  private readonly last = new Map<string, Promise<unknown>>();

  /** Runs `work` when it has all the ids. Nobody waits for each other in a circle, however the ids are given. */
  run<T>(ids: readonly string[], work: () => Promise<T>): Promise<T> {
    const unique = [...new Set(ids)];
    const before = unique.map((id) => this.last.get(id));
    const done = Promise.all(before).then(work);
    const release = () => this.release(unique, end);
    // The next one waits for the end of this work, and does not care how it ended.
    const end: Promise<void> = done.then(release, release);
    for (const id of unique) this.last.set(id, end);
    return done;
  }

  private release(ids: readonly string[], end: Promise<void>): void {
    for (const id of ids) if (this.last.get(id) === end) this.last.delete(id);
  }
}

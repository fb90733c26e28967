/** Where the command line reads its surroundings and writes to; tests bring their own. */
export interface Terminal {
  readonly stdout: NodeJS.WritableStream & { readonly isTTY?: boolean };
  readonly stderr: NodeJS.WritableStream & { readonly isTTY?: boolean };
  readonly cwd: string;
  /** Aborted when the user has had enough. */
  readonly signal: AbortSignal;
}

/** Exit codes: done, failed, called wrongly, interrupted (128 + SIGINT). */
export const EXIT = { done: 0, failed: 1, usage: 2, interrupted: 130 } as const;

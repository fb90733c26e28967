/** Something that is wrong with the data. */
export interface DataFault {
  /** The keys that lead to it; none: the data as a whole. */
  readonly path: readonly PropertyKey[];
  readonly reason: string;
  /** Values that the reason may quote, besides the one that the path leads to. */
  readonly quoted?: readonly unknown[];
}

/** Finds what is wrong with the user's data by the rules that the application gave: nothing, when it fits. */
export type DataCheck = (data: Record<string, unknown>) => readonly DataFault[];

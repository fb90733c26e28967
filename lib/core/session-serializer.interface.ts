/**
 * Turns session data into the string that a store keeps, and back.
 *
 * @publicApi
 */
export interface SessionSerializer {
  /**
   * The text of the data. The same data gives the same text, since changes are found by comparing texts.
   * Throws when it meets something that it cannot keep.
   */
  serialize(data: Record<string, unknown>): string;

  /** The data of the text. Throws when it is not a text of this serializer; the record then counts as corrupt. */
  deserialize(text: string): Record<string, unknown>;

  /**
   * Refuses what `serialize` would quietly lose or turn into something else, by throwing a
   * `SessionSerializationError`. Called for every value that was set or has changed. Optional.
   */
  check?(value: unknown, key: string): void;
}

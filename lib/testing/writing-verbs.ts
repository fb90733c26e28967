import type { SessionRecord } from '../stores/session-record.js';
import type { SessionStoreHarness } from './session-store.harness.js';
import type { SkippablePart } from './store-suite.js';

/** A verb that writes to a record that is there. */
export interface WritingVerb {
  readonly name: string;
  readonly needs?: SkippablePart;
  /** Whether it wrote; `undefined` when the store does not have the verb, which it may leave out. */
  readonly run: (
    harness: SessionStoreHarness,
    record: SessionRecord,
    successor: SessionRecord,
  ) => Promise<boolean | undefined>;
}

/** Every verb that writes to one record. None of them writes to a record that is not alive. */
export const WRITING_VERBS: readonly WritingVerb[] = [
  {
    name: 'commit',
    run: async (harness, { id, version }) =>
      (await harness.store.commit(id, version, harness.change())).outcome === 'committed',
  },
  {
    name: 'commitExclusively',
    run: async (harness, { id }) => {
      const change = harness.change();
      const result = await harness.store.commitExclusively?.(id, () => ({ change }));
      return result && result.outcome === 'committed';
    },
  },
  {
    name: 'replace',
    run: async ({ store }, { id, version }, successor) =>
      (await store.replace(id, version, successor)).outcome === 'committed',
  },
  {
    name: 'touch',
    run: (harness, { id, version }) => {
      const { lastSeenAt, expiresAt } = harness.change();
      return harness.store.touch(id, version, { lastSeenAt, expiresAt });
    },
  },
  {
    name: 'rotate',
    run: (harness, { id, secretHash }) => {
      const previousUntil = harness.clock + 10_000;
      return harness.store.rotate(id, secretHash, { secretHash: harness.newHash(), previousUntil });
    },
  },
  {
    name: 'destroy',
    needs: 'revocable',
    run: ({ store }, { id }) => store.destroy(id),
  },
];

import type { SessionRecord } from '../stores/session-record.js';
import type { DataFault } from './data-check.js';
import { dataError, pathsOf } from './data-problems.js';
import { RESERVED_PREFIX, type SessionChanges } from './session-changes.js';
import type { SessionEvents } from './session-events.js';
import type { SessionSettings } from './session-settings.js';

const isOfUser = (key: string) => !key.startsWith(RESERVED_PREFIX);

/**
 * Checks what is about to be written: the text, since that is what a later request will read. Changes of the
 * framework's own keys are nothing that the rules of the application are about.
 * @throws SessionDataError when changes of the user lead to data that does not fit.
 */
export function refuseInvalid(text: string, { operations }: SessionChanges, settings: SessionSettings): void {
  if (!settings.dataCheck || !operations.some(({ key }) => isOfUser(key))) {
    return;
  }
  const faults = faultsOf(read(text, settings), settings);
  if (faults.length > 0) {
    throw dataError(faults, read(text, settings));
  }
}

/**
 * The text of a record without what does not fit the rules, which may be younger than the record: without the keys that
 * the faults lead to, or, when the rest does not fit either, without any key of the user. Emits `invalid-data` when
 * something is left out. @throws when the text cannot be read.
 */
export function fittingText(
  { id, data: text }: SessionRecord,
  settings: SessionSettings,
  events: SessionEvents,
) {
  if (!settings.dataCheck) {
    return text;
  }
  const faults = faultsOfStored(text, settings);
  if (faults.length === 0) {
    return text;
  }
  const keys = new Set(faults.flatMap(({ path }) => path.slice(0, 1).map(String)));
  const rest = without(text, (key) => keys.has(key), settings);
  const more = faultsOfStored(rest, settings);
  const paths = pathsOf([...faults, ...more], read(text, settings));
  events.emit({ type: 'invalid-data', id, paths });
  return more.length === 0 ? rest : without(text, () => true, settings);
}

/** Rules that break down over stored data have met what they were not written for: it does not fit them. */
function faultsOfStored(text: string, settings: SessionSettings): readonly DataFault[] {
  // Not in the try: what cannot be read is another thing.
  const data = read(text, settings);
  try {
    return faultsOf(data, settings);
  } catch {
    return [{ path: [], reason: 'the rules broke down' }];
  }
}

/** What is wrong with the data, which is the check's to keep: it may do with it what it likes. */
function faultsOf(data: Record<string, unknown>, { dataCheck }: SessionSettings): readonly DataFault[] {
  const ofUser = Object.entries(data).filter(([key]) => isOfUser(key));
  return ofUser.length > 0 ? dataCheck!(Object.fromEntries(ofUser)) : [];
}

function read(text: string, { serializer }: SessionSettings): Record<string, unknown> {
  return serializer.deserialize(text);
}

/** The text without those keys of the user. */
function without(text: string, isLeftOut: (key: string) => boolean, settings: SessionSettings): string {
  const kept = Object.entries(read(text, settings)).filter(([key]) => !isOfUser(key) || !isLeftOut(key));
  return settings.serializer.serialize(Object.fromEntries(kept));
}

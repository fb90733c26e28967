import { Transform } from 'class-transformer';
import type { MessageKey } from '../preferences/phrases.js';
import { ownPath } from './own-path.js';

/** The message of a rule: a key of the dictionary, translated when the page is rendered. */
export function says(message: MessageKey): { message: MessageKey } {
  return { message };
}

export const Trim = () => Transform(({ value }) => (typeof value === 'string' ? value.trim() : value));

/** E-mail addresses are compared in lower case. */
export const Lowercase = () =>
  Transform(({ value }) => (typeof value === 'string' ? value.trim().toLowerCase() : value));

/** A checkbox is sent when it is checked, and else not at all. */
export const Checkbox = () => Transform(({ value }) => value === 'on');

export const OwnPath = () => Transform(({ value }) => ownPath(value));

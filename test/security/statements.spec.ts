import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';

/*
 * The numbers that titles of tests begin with are those of the security checklist this project is built to (OWASP ASVS 5,
 * OWASP Session Management, NIST SP 800-63B-4). Its first six sections are about the identifier (1), the life of a
 * session (2), many sessions of a user (3), cookies (4), forged requests (5), and storage and robustness (6); the eighth is
 * about logins that cross domains (8).
 */

/** How many statements each section has, also those that an application or the documentation is to keep. */
const SIZES: ReadonlyMap<string, number> = new Map([
  ['1', 11],
  ['2', 17],
  ['3', 11],
  ['4', 14],
  ['5', 9],
  ['6', 9],
  ['8', 6],
]);

/** What the library enforces, or does unless it is told otherwise, by section. */
const PLACES: readonly (readonly [section: number, places: readonly number[]])[] = [
  [1, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]],
  [2, [1, 2, 4, 5, 6, 7, 8, 10, 11, 12, 13, 14, 15, 17]],
  [3, [6, 8, 10]],
  [4, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14]],
  [5, [1, 2, 3, 4, 5, 7, 8]],
  [6, [1, 2, 3, 4, 5, 6, 7, 8, 9]],
  [8, [1, 2, 3, 4, 6]],
];
const STATEMENTS = PLACES.flatMap(([section, places]) => places.map((place) => `${section}.${place}`));

/** What no test can show, and why. */
const EXCEPTIONS: Readonly<Record<string, string>> = {};

/** What is tested in another sense than that of the words alone, by a decision of this project. */
const READINGS: Readonly<Record<string, string>> = {
  '1.1': 'There is no option for a generator of tokens, so that none can be too weak: the option is refused.',
  '1.9': 'The name is the one that Django has, which many frameworks use, behind a prefix where TLS is sure.',
  '1.10': 'That nothing but the server verifies is shown by tokens that are right but for a letter.',
  '2.8': 'The limits are options: the defaults are within AAL1, and the other levels hold when they are set.',
  '2.10': 'The secret is what changes with time; the id, which is no credential, changes with each login.',
  '2.15': 'As in Django, the cookie is persistent unless expireAtBrowserClose or a login says otherwise.',
  '2.17': 'Without a revocation store the boot log warns that a logout is not final, and revoke() refuses.',
  '3.8': 'The methods of a login are stored; which level they amount to is for the application to say.',
  '4.1': 'In production an insecure cookie is a loud warning at boot, for those who test without TLS.',
  '4.2': 'httpOnly: false is possible, for those who move from elsewhere.',
  '4.3': 'sameSite: none needs secure: true; a reason is not asked for.',
  '4.10': 'A Cache-Control that the handler has set is kept.',
  '6.1': "mode: 'signed' is possible: clients can then read their data, and change none of it.",
  '6.2': 'Applications are told apart by their keys, and by an audience where they share them.',
  '8.1':
    'Users are asked first where the option confirm says so; else a visit of the application is the action.',
  '8.3': 'A ticket that comes again ends the whole login, since nobody can tell which of the two was first.',
};

const directory = dirname(dirname(fileURLToPath(import.meta.url)));
/** A string that begins with a statement, or with several. Titles of tables stand in their rows. */
const TITLE = /(['"`])(\d+\.\d+(?:, \d+\.\d+)*) (?=[^\d\s])/g;

const numbers = new Set(
  readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.spec.ts'))
    .flatMap((path) => [...readFileSync(join(directory, path), 'utf8').matchAll(TITLE)])
    .flatMap(([, , found]) => found!.split(', ')),
);

describe('The security checklist', () => {
  it('has a test for every statement that the library keeps, or the reason why there is none', () => {
    const missing = STATEMENTS.filter((number) => !numbers.has(number) && !(number in EXCEPTIONS));
    expect(missing).toEqual([]);
  });

  it('has no exception for what is tested after all, and none for what is no statement', () => {
    const excused = Object.keys(EXCEPTIONS);
    expect(excused.filter((number) => numbers.has(number))).toEqual([]);
    expect([...excused, ...Object.keys(READINGS)].filter((number) => !STATEMENTS.includes(number))).toEqual(
      [],
    );
  });

  it('has every statement that a title begins with', () => {
    const unknown = [...numbers].filter((number) => {
      const [section, place] = number.split('.');
      const size = SIZES.get(section!);
      return size !== undefined && !(Number(place) >= 1 && Number(place) <= size);
    });
    expect(unknown).toEqual([]);
  });
});

// A taste of the lists that are tried first. A real shop asks a list of millions, such as "Pwned Passwords".
const COMMON = new Set([
  '0123456789',
  '1234567890',
  '12345678910',
  '123456789a',
  '1q2w3e4r5t',
  '9876543210',
  'abcdefghij',
  'chocolate1',
  'football123',
  'iloveyou123',
  'letmein123',
  'passwort123',
  'password12',
  'password123',
  'password1234',
  'q1w2e3r4t5',
  'qwerty12345',
  'qwertyuiop',
  'qwertzuiop',
  'welcome123',
]);

/** Whether somebody who guesses would soon come to it. */
export function isGuessable(password: string): boolean {
  const lower = password.toLowerCase();
  return COMMON.has(lower) || new Set(lower).size < 4;
}

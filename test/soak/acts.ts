import { randomBytes } from 'node:crypto';
import type { HangUp, Question } from './client.js';

/** Something that a visitor does. */
export interface Act {
  /** How often, compared with the others. */
  readonly weight: number;
  /** What is asked, at once if it is several. */
  readonly questions: readonly Question[];
  /** What the answers have to say. */
  readonly status: number;
  /** The token that is shown instead of the visitor's own. */
  readonly token?: () => string;
  readonly hangUp?: HangUp;
}

const get = (path: string): Question => ({ method: 'GET', path });
const post = (path: string): Question => ({ method: 'POST', path });
const write = (key: string, length: number): Question => ({
  ...post('/write'),
  body: { key, text: randomBytes(length / 2).toString('hex') },
});
const act = (weight: number, ...questions: Question[]): Act => ({ weight, questions, status: 200 });

const nobody = () => '';
const stranger = () => `${randomBytes(16).toString('hex')}.${randomBytes(32).toString('base64url')}`;

/** @param user Who logs in. */
export function actsOf(user: string): Act[] {
  const of = `user=${user}`;
  return [
    { ...act(6, get('/plain')), token: nobody },
    { ...act(2, get('/read')), token: nobody },
    act(4, get('/plain')),
    act(14, get('/read')),
    act(6, write('note', 400)),
    act(2, write('page', 4_000)),
    act(10, post('/count')),
    act(3, post('/flash')),
    act(3, get('/flash')),
    act(4, post(`/login?${of}`)),
    act(3, post('/regenerate')),
    act(2, post('/logout')),
    act(1, post(`/revoke-all?${of}`)),
    act(3, get(`/list?${of}`)),
    act(3, post('/save')),
    act(4, post('/count'), post('/count'), write('note', 400), get('/read')),
    { ...act(2, get('/read')), token: stranger },
    { ...act(1, post('/count')), token: stranger },
    { ...act(1, get('/read')), token: () => 'broken' },
    { ...act(1, get('/read')), token: () => `${'0'.repeat(32)}.${'x'.repeat(4_000)}` },
    { ...act(2, get('/nowhere')), status: 404 },
    { ...act(2, get('/refuse')), status: 403 },
    { ...act(2, get('/fail')), status: 500 },
    act(2, get('/stream')),
    act(1, get('/events')),
    { ...act(1, write('page', 4_000)), hangUp: 'asking' },
    { ...act(1, post('/count')), hangUp: 'asked' },
    { ...act(1, post('/linger')), hangUp: 'asked' },
    { ...act(1, get('/endless')), hangUp: 'answered' },
    { ...act(1, get('/endless-events')), hangUp: 'answered' },
  ];
}

import { describe, expect, it } from '@jest/globals';
import { retryTransient } from '../../lib/stores/typeorm/transient.retry.js';

function failing(times: number, error: Error) {
  const calls = { count: 0 };
  const work = async () => {
    calls.count++;
    if (calls.count <= times) throw error;
    return 'done';
  };
  return { calls, work };
}

describe('retryTransient', () => {
  it.each(['40001', '40P01', 'ER_LOCK_DEADLOCK'])('runs the work again after %s', async (code) => {
    const { calls, work } = failing(2, Object.assign(new Error('deadlock'), { code }));
    expect(await retryTransient(work)).toBe('done');
    expect(calls.count).toBe(3);
  });

  it('gives up after five attempts with the error of the database', async () => {
    const error = Object.assign(new Error('deadlock'), { code: '40P01' });
    const { calls, work } = failing(5, error);
    await expect(retryTransient(work)).rejects.toBe(error);
    expect(calls.count).toBe(5);
  });

  it('does not repeat anything after another error', async () => {
    const error = Object.assign(new Error('connection lost'), { code: 'ECONNRESET' });
    const { calls, work } = failing(1, error);
    await expect(retryTransient(work)).rejects.toBe(error);
    expect(calls.count).toBe(1);
  });
});

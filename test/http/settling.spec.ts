import { describe, expect, it } from '@jest/globals';
import { lastValueFrom, of, Subject, throwError, toArray } from 'rxjs';
import { settling } from '../../lib/http/settling.js';
import { Barrier } from '../support/barrier.js';

function watched(source: Subject<string>, settle: () => Promise<unknown> | undefined) {
  const seen: string[] = [];
  const subscription = source.pipe(settling(settle)).subscribe({
    next: (value) => seen.push(value),
    error: (error: Error) => seen.push(`error: ${error.message}`),
    complete: () => seen.push('end'),
  });
  return { seen, subscription };
}

const turn = () => new Promise(setImmediate);

describe('Values that may have to wait', () => {
  it('pass at once where there is nothing to wait for', () => {
    const source = new Subject<string>();
    const { seen } = watched(source, () => undefined);
    source.next('a');
    source.next('b');
    source.complete();
    expect(seen).toEqual(['a', 'b', 'end']);
  });

  it('keep their order, and their end behind them, while the first of them waits', async () => {
    const source = new Subject<string>();
    const first = new Barrier();
    const work = [first.wait()];
    const { seen } = watched(source, () => work.shift());
    source.next('a');
    source.next('b');
    source.complete();
    await turn();
    expect(seen).toEqual([]);
    first.open();
    await turn();
    expect(seen).toEqual(['a', 'b', 'end']);
  });

  it('ask for each of them when it is its turn, and not before', async () => {
    const source = new Subject<string>();
    const gates = [new Barrier(), new Barrier()];
    let asked = 0;
    const { seen } = watched(source, () => gates[asked++]!.wait());
    source.next('a');
    source.next('b');
    await turn();
    expect(asked).toBe(1);
    gates[0]!.open();
    await turn();
    expect([asked, seen]).toEqual([2, ['a']]);
    gates[1]!.open();
    await turn();
    expect(seen).toEqual(['a', 'b']);
  });

  it.each([
    { title: 'fails', settle: () => Promise.reject(new Error('no')) },
    {
      title: 'throws',
      settle: () => {
        throw new Error('no');
      },
    },
  ])('end with the error when what they wait for $title, and ask for nothing more', async ({ settle }) => {
    const source = new Subject<string>();
    let asked = 0;
    const { seen } = watched(source, () => {
      asked++;
      return settle();
    });
    source.next('a');
    source.next('b');
    source.complete();
    await turn();
    expect([asked, seen]).toEqual([1, ['error: no']]);
  });

  it('do not come any more when nobody listens, and are not asked for', async () => {
    const source = new Subject<string>();
    const first = new Barrier();
    let asked = 0;
    const { seen, subscription } = watched(source, () => {
      asked++;
      return first.wait();
    });
    source.next('a');
    source.next('b');
    subscription.unsubscribe();
    first.open();
    await turn();
    expect([asked, seen]).toEqual([1, []]);
  });

  it('hand on the error of their source at once', async () => {
    const failing = throwError(() => new Error('gone')).pipe(settling(() => undefined));
    await expect(lastValueFrom(failing)).rejects.toThrow('gone');
    expect(
      await lastValueFrom(
        of(1, 2).pipe(
          settling(() => undefined),
          toArray(),
        ),
      ),
    ).toEqual([1, 2]);
  });
});

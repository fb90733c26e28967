import fc from 'fast-check';

/** What handlers may do, besides loading their session and ending. */
const ACTS = [
  'set',
  'count',
  'delete',
  'patch',
  'push',
  'rewrite',
  'leave',
  'take',
  'clear',
  'reload',
  'save',
  'flush',
  'logout',
  'regenerate',
  'login',
  'expire',
] as const;

/** A step of a program. Numbers are taken modulo what there is to choose from when the step is taken. */
export type Step =
  /** A browser sends a request to a station; `isForged`: with a wrong secret. */
  | {
      readonly kind: 'arrive';
      readonly browser: number;
      readonly station: number;
      readonly isForged: boolean;
    }
  /**
   * The handler of an open request does something; the first thing is to load its session. `isHeld`: whoever comes to
   * the store for it waits there.
   */
  | {
      readonly kind: 'act';
      readonly visit: number;
      readonly act: number;
      readonly key: number;
      readonly isHeld: boolean;
    }
  | {
      readonly kind: 'end';
      readonly visit: number;
      readonly status: 200 | 404 | 500;
      readonly isHeld: boolean;
    }
  /** Whoever waits at a gate of the store goes on to the next one, or as far as there is to go. */
  | { readonly kind: 'go'; readonly held: number; readonly isHeld: boolean }
  /** All who wait go on at once. */
  | { readonly kind: 'rush' }
  | { readonly kind: 'serve'; readonly station: number; readonly act: ServiceStep }
  /** Everybody who waits goes on, and then the clock moves. */
  | { readonly kind: 'wait'; readonly seconds: number };

export type ServiceStep =
  | { readonly do: 'revoke'; readonly id: number }
  | { readonly do: 'revokeAll'; readonly user: number; readonly except: number | null }
  | { readonly do: 'sweep' };

export interface Program {
  /** What a browser is to begin with. */
  readonly begin: 'nothing' | 'anonymous' | 'logged in';
  /** What handlers do in this program. The fewer things they do, the more often they do them at once. */
  readonly acts: readonly (typeof ACTS)[number][];
  readonly steps: readonly Step[];
}

const nat = fc.nat({ max: 11 });
const isHeld = fc.boolean();

function mostly<T>(...choices: readonly (readonly [number, fc.Arbitrary<T>])[]): fc.Arbitrary<T> {
  return fc.oneof(...choices.map(([weight, arbitrary]) => ({ weight, arbitrary })));
}

/** Often the same one, since some promises hold within one process only. */
const stations = mostly([2, fc.constant(0)], [1, nat]);

const services = mostly<ServiceStep>(
  [2, fc.record({ do: fc.constant('revoke' as const), id: nat })],
  [1, fc.record({ do: fc.constant('revokeAll' as const), user: nat, except: fc.option(nat, { nil: null }) })],
  [1, fc.constant({ do: 'sweep' as const })],
);

const steps = mostly<Step>(
  [
    8,
    fc.record({
      kind: fc.constant('arrive' as const),
      browser: mostly([6, fc.constant(0)], [1, fc.constant(1)]),
      station: stations,
      isForged: mostly([20, fc.constant(false)], [1, fc.constant(true)]),
    }),
  ],
  [24, fc.record({ kind: fc.constant('act' as const), visit: nat, act: nat, key: nat, isHeld })],
  [
    7,
    fc.record({
      kind: fc.constant('end' as const),
      visit: nat,
      status: mostly<200 | 404 | 500>([4, fc.constant(200)], [1, fc.constantFrom(404, 500)]),
      isHeld,
    }),
  ],
  [10, fc.record({ kind: fc.constant('go' as const), held: nat, isHeld })],
  [1, fc.constant({ kind: 'rush' as const })],
  [1, fc.record({ kind: fc.constant('serve' as const), station: stations, act: services })],
  [
    1,
    fc.record({
      kind: fc.constant('wait' as const),
      seconds: fc.constantFrom(1, 11, 90, 700, 1900, 3700, 15_000),
    }),
  ],
);

/** Programs of up to so many steps. */
export function programs(most: number): fc.Arbitrary<Program> {
  return fc.record({
    begin: mostly<Program['begin']>(
      [1, fc.constant('nothing')],
      [3, fc.constant('anonymous')],
      [3, fc.constant('logged in')],
    ),
    acts: fc.subarray([...ACTS], { minLength: 1, maxLength: 7 }),
    steps: fc.array(steps, { minLength: 1, maxLength: most, size: 'max' }),
  });
}

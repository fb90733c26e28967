import type { KeyObject } from 'node:crypto';
import { durationInSeconds } from '../core/duration.js';
import { handoffKey } from './handoff-key.js';
import type {
  HandoffConsumerOptions,
  HandoffIssuerOptions,
  HandoffLogin,
} from './handoff-options.interface.js';
import { consumerProblems, issuerProblems } from './handoff-options.rules.js';
import { HandoffOptionsError } from './handoff.errors.js';

/** Another application, as the issuer knows it. */
export interface Party {
  readonly name: string;
  readonly callback: string;
  readonly confirm: boolean;
  /** How it is spoken to when it has a store of its own. */
  readonly remote: { readonly key: KeyObject; readonly logoutUrl: string } | undefined;
}

/** The application where users log in. */
export interface IssuerRole {
  readonly kind: 'issuer';
  readonly issuer: string;
  readonly parties: ReadonlyMap<string, Party>;
  readonly loginPath: string;
}

/** An application that takes logins over. */
export interface ConsumerRole {
  readonly kind: 'consumer';
  readonly issuer: string;
  readonly audience: string;
  readonly callbackPath: string;
  readonly transactionKey: KeyObject;
  /** Where this server reaches the issuer. */
  readonly backChannel: string;
  /** How the issuer is spoken to when its store is another one. `recheckEvery` in milliseconds. */
  readonly remote: { readonly key: KeyObject; readonly recheckEvery: number } | undefined;
  readonly user: (login: HandoffLogin) => string | undefined | Promise<string | undefined>;
  readonly keep: readonly string[];
}

export type HandoffRole = IssuerRole | ConsumerRole;

export const DEFAULT_CALLBACK_PATH = '/session/callback';

/** The role with its defaults. @throws HandoffOptionsError with every problem at once. */
export function issuerRole(options: HandoffIssuerOptions, environment = process.env.NODE_ENV): IssuerRole {
  refuse(issuerProblems(options, environment));
  const parties = Object.entries(options.audiences).map(
    ([name, { callback, confirm = false, key, logoutUrl }]): [string, Party] => [
      name,
      {
        name,
        callback,
        confirm,
        remote:
          key === undefined
            ? undefined
            : { key: handoffKey(key, 'messages'), logoutUrl: logoutUrl ?? new URL('ended', callback).href },
      },
    ],
  );
  return {
    kind: 'issuer',
    issuer: options.issuer,
    parties: new Map(parties),
    loginPath: options.loginPath ?? '/login',
  };
}

/** The role with its defaults. @throws HandoffOptionsError with every problem at once. */
export function consumerRole(
  options: HandoffConsumerOptions,
  environment = process.env.NODE_ENV,
): ConsumerRole {
  refuse(consumerProblems(options, environment));
  const { issuer, audience, key, redeem } = options;
  return {
    kind: 'consumer',
    issuer,
    audience,
    callbackPath: options.callbackPath ?? DEFAULT_CALLBACK_PATH,
    transactionKey: handoffKey(key, 'transactions'),
    backChannel: options.backChannel ?? issuer,
    remote:
      redeem === 'http'
        ? {
            key: handoffKey(key, 'messages'),
            recheckEvery: durationInSeconds(options.recheckEvery ?? '1h')! * 1000,
          }
        : undefined,
    user: options.user ?? (({ subject }) => subject),
    keep: options.keep ?? [],
  };
}

function refuse(problems: readonly string[]): void {
  if (problems.length > 0) {
    throw new HandoffOptionsError(problems);
  }
}

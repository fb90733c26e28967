import type { SessionRepository } from '../core/session.repository.js';
import type { CookieSettings } from '../options/cookie-settings.js';
import { SessionToken } from '../core/session-token.js';
import { ConsumerCallback, type Tickets } from './consumer.callback.js';
import { ConsumerEnded } from './consumer.ended.js';
import { ConsumerStart } from './consumer.start.js';
import type { HandoffEndpoint } from './handoff-endpoint.js';
import type { ConsumerRole, IssuerRole } from './handoff-role.js';
import { IssuerClient } from './issuer.client.js';
import { IssuerDesk } from './issuer.desk.js';
import { IssuerHandoff } from './issuer.handoff.js';
import { IssuerTell } from './issuer.tell.js';
import { LedGroups } from './led-groups.js';
import { remoteGroup } from './remote-group.js';
import { RemoteGroups } from './remote-groups.js';
import { SharedGroups } from './shared-groups.js';
import { TicketOffice } from './ticket-office.js';
import { TransactionCookies } from './transaction.cookies.js';
import { VisitCookie } from './visit.cookie.js';

/** What a role is made of. */
export interface HandoffParts {
  readonly endpoints: readonly HandoffEndpoint[];
  close?(): void;
}

export function issuerParts(role: IssuerRole, repository: SessionRepository): HandoffParts {
  const groups = new LedGroups(role, repository.settings.now);
  const office = new TicketOffice(repository);
  repository.groups.policy = groups;
  const isAsked = [...role.parties.values()].some(({ remote }) => remote);
  const forServers = () => [
    ...new IssuerDesk(role, repository, office).endpoints,
    new IssuerTell(repository, groups),
  ];
  return {
    endpoints: [new IssuerHandoff(role, repository, office), ...(isAsked ? forServers() : [])],
    close: () => groups.close(),
  };
}

export function consumerParts(
  role: ConsumerRole,
  repository: SessionRepository,
  cookie: CookieSettings,
): HandoffParts {
  const transactions = new TransactionCookies(role, cookie, repository.settings.now);
  const visits = new VisitCookie(cookie);
  const start = new ConsumerStart(role, repository, transactions, visits);
  const callback = (tickets: Tickets) => new ConsumerCallback(role, transactions, visits, tickets);
  const { remote } = role;
  if (!remote) {
    const groups = new SharedGroups(role);
    repository.groups.policy = groups;
    return { endpoints: [start, callback(new TicketOffice(repository))], close: () => groups.close() };
  }
  const client = new IssuerClient(role, remote, repository.settings.now);
  const groups = new RemoteGroups(client, repository, remote.recheckEvery);
  repository.groups.policy = groups;
  return {
    endpoints: [start, callback(ticketsThere(client, groups)), new ConsumerEnded(role, remote, repository)],
  };
}

/** The tickets of an issuer with another store. */
function ticketsThere(client: IssuerClient, groups: RemoteGroups): Tickets {
  return {
    redeem: async (claim) => {
      const content = await client.redeem(claim);
      const groupId = remoteGroup(content.groupId);
      groups.know(groupId);
      return { ...content, groupId };
    },
    spoil: async (ticket) => {
      if (SessionToken.parse(ticket)) {
        // Where the issuer is away, it dies by itself in half a minute.
        await client.spoil(ticket).catch(() => undefined);
      }
    },
  };
}

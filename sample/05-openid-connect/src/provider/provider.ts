import { generateKeyPairSync, randomBytes } from 'node:crypto';
import OidcProvider from 'oidc-provider';
import { CLIENT_ID, journal, provider as site } from '../sites.js';
import { render } from '../views.js';

const secret = () => randomBytes(32).toString('base64url');

/** A koa context, as far as the pages need it. */
interface Context {
  body: string;
  readonly oidc: { readonly session?: { readonly accountId?: string } };
}

/**
 * An identity provider with one client, everything in memory. A real one is somebody else's: Keycloak, Entra ID, Auth0 or
 * your own.
 */
export function createProvider(clientSecret: string): OidcProvider {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  return new OidcProvider(site.origin, {
    clients: [
      {
        client_id: CLIENT_ID,
        client_secret: clientSecret,
        redirect_uris: [`${journal.origin}/callback`],
        post_logout_redirect_uris: [`${journal.origin}/`],
        backchannel_logout_uri: `${journal.backChannel}/session/backchannel-logout`,
        // Logout tokens then say which login has ended, and end no other one.
        backchannel_logout_session_required: true,
      },
    ],
    features: {
      devInteractions: { enabled: false },
      backchannelLogout: { enabled: true },
      rpInitiatedLogout: {
        enabled: true,
        logoutSource: (context: Context, form: string) => {
          context.body = render('provider/logout', { form, name: context.oidc.session?.accountId });
        },
        postLogoutSuccessSource: (context: Context) => {
          context.body = render('provider/logged-out', {});
        },
      },
    },
    findAccount: (_context: unknown, id: string) => ({ accountId: id, claims: () => ({ sub: id }) }),
    // The application is the provider's own: nobody is asked whether it may know who they are.
    loadExistingGrant: grantAll,
    interactions: { url: (_context: unknown, { uid }: { uid: string }) => `/interaction/${uid}` },
    claims: { openid: ['sub', 'auth_time', 'amr'] },
    pkce: { required: () => true },
    // By itself it calls no address of a local network, which is where the journal is here.
    fetch: (url: string, { dispatcher: _guard, ...options }: RequestInit & { dispatcher?: unknown }) =>
      fetch(url, options),
    cookies: { keys: [secret()] },
    jwks: { keys: [{ ...privateKey.export({ format: 'jwk' }), kid: 'signing', use: 'sig', alg: 'RS256' }] },
    ttl: {
      Session: 86_400,
      Grant: 86_400,
      Interaction: 600,
      AuthorizationCode: 60,
      IdToken: 300,
      AccessToken: 300,
    },
  });
}

async function grantAll(context: any): Promise<unknown> {
  const { client, session, provider } = context.oidc;
  const grant = new provider.Grant({ clientId: client.clientId, accountId: session.accountId });
  grant.addOIDCScope('openid');
  await grant.save();
  return grant;
}

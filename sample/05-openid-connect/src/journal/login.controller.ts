import { BadRequestException, Controller, Get, Post, Redirect, Req } from '@nestjs/common';
import { Session, SessionService } from 'nest-sessions';
import { provider } from '../sites.js';
import { OpenIdClient } from './openid.client.js';
import './session-data.js';

@Controller()
export class LoginController {
  constructor(
    private readonly sessions: SessionService,
    private readonly openid: OpenIdClient,
  ) {}

  @Get('login')
  @Redirect()
  async begin(@Session() session: Session) {
    const { url, login } = await this.openid.begin();
    session.data.login = login;
    return { url: url.href, statusCode: 303 };
  }

  @Get('callback')
  @Redirect()
  async end(@Session() session: Session, @Req() request: { url: string }) {
    const login = session.pop('login');
    if (!login) {
      throw new BadRequestException('This browser has not begun a login.');
    }
    const { claims, idToken } = await this.openid.end(request.url, login).catch((error: unknown) => {
      throw new BadRequestException('The answer of the provider is not accepted.', { cause: error });
    });
    const { sub, amr = [] } = claims;
    // With `oidc` the session ends when the provider says so.
    await this.sessions.login(sub, { methods: amr as string[], oidc: claims });
    session.data.idToken = idToken;
    return { url: '/', statusCode: 303 };
  }

  /** Here at once, and then at the provider, which asks and comes back. */
  @Post('logout')
  @Redirect()
  async logOut(@Session() session: Session) {
    const idToken = session.get('idToken');
    await this.sessions.logout();
    const url = idToken ? this.openid.logoutUrl(idToken).href : `${provider.origin}/session/end`;
    return { url, statusCode: 303 };
  }
}

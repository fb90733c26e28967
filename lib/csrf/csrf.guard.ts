import { Inject, Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { SessionContext } from '../core/session-context.js';
import { SessionContextError } from '../core/session.errors.js';
import { RequestSession } from '../http/request-session.js';
import { addVary } from '../http/vary.js';
import { judge, type CsrfRefusal } from './csrf-decision.js';
import { announce } from './csrf-events.js';
import { readRequest } from './csrf-request.js';
import { CSRF_ENSURED, CSRF_EXEMPT, RESOLVED_CSRF_OPTIONS } from './csrf.constants.js';
import { CsrfCookie } from './csrf.cookie.js';
import { CsrfError } from './csrf.errors.js';
import { CsrfVerifier } from './csrf.verifier.js';
import type { ResolvedCsrfOptions } from './resolve-csrf-options.js';

/** Refuses what another site may have made a browser send. What is no HTTP request passes. */
@Injectable()
export class CsrfGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    private readonly cookie: CsrfCookie,
    private readonly verifier: CsrfVerifier,
    @Inject(RESOLVED_CSRF_OPTIONS) private readonly options: ResolvedCsrfOptions,
  ) {}

  canActivate(execution: ExecutionContext): boolean | Promise<boolean> {
    const context = SessionContext.current();
    if (!(context instanceof RequestSession)) {
      return passUnlessHttp(execution);
    }
    const route = [execution.getHandler(), execution.getClass()];
    if (this.reflector.getAllAndOverride(CSRF_ENSURED, route)) {
      this.cookie.ensure(context);
    }
    if (this.reflector.getAllAndOverride(CSRF_EXEMPT, route)) {
      return true;
    }
    const { facts, body } = readRequest(execution, context);
    if (facts.isUnsafe) {
      context.beforeHead(() => {
        addVary(context.response, 'Sec-Fetch-Site');
        addVary(context.response, 'Origin');
      });
    }
    const verdict = judge(facts, this.options);
    switch (verdict) {
      case 'pass':
        return true;
      case 'token needed':
        return this.verifier
          .refusalOf(context, body)
          .then((refusal) => !refusal || this.#refuse(refusal, context));
      default:
        return this.#refuse(verdict, context);
    }
  }

  #refuse(refusal: CsrfRefusal, { request }: RequestSession): true {
    const { reportOnly } = this.options;
    announce(reportOnly ? 'reported' : 'refused', refusal, request);
    if (!reportOnly) {
      throw new CsrfError(refusal.errorCode, refusal.message);
    }
    return true;
  }
}

/** An HTTP request that has lost its context cannot be judged, and is not let through for that. */
function passUnlessHttp(execution: ExecutionContext): true {
  if (execution.getType() === 'http') {
    throw new SessionContextError();
  }
  return true;
}

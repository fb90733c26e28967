import { createParamDecorator, Injectable, type PipeTransform } from '@nestjs/common';
import { CsrfService } from './csrf.service.js';

/** A parameter decorator cannot be injected into, its pipes can. */
@Injectable()
class CsrfTokenPipe implements PipeTransform<unknown, Promise<string>> {
  constructor(private readonly csrf: CsrfService) {}

  transform(): Promise<string> {
    return this.csrf.token();
  }
}

const withPipe = createParamDecorator(() => undefined);

/**
 * Injects a CSRF token for the running request, what `CsrfService.token()` gives:
 *
 * ```ts
 * form(@CsrfToken() token: string) {}
 * ```
 *
 * Django: `get_token`.
 *
 * @publicApi
 */
export const CsrfToken = (): ParameterDecorator => withPipe(CsrfTokenPipe);

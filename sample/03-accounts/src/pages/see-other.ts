import { HttpStatus, type HttpRedirectResponse } from '@nestjs/common';

/** For `@Redirect()`. 303 makes the browser follow with a GET, so that reloading the page sends no form twice. */
export function seeOther(url: string): HttpRedirectResponse {
  return { url, statusCode: HttpStatus.SEE_OTHER };
}

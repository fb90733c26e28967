/** The body of an exception with a code for programs. As a whole, since the exceptions of NestJS 11 know no codes. */
export function codedBody(statusCode: number, error: string, errorCode: string, message: string): object {
  return { message, error, errorCode, statusCode };
}

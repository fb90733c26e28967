import { UnprocessableEntityException } from '@nestjs/common';
import type { MessageKey } from '../preferences/phrases.js';

/** What is wrong, by field; `form` is for what concerns no field alone. */
export type FormErrors = Record<string, MessageKey>;

/** A form that did not pass. The filter shows its page again, with what was sent and what is wrong. */
export class FormRefused extends UnprocessableEntityException {
  constructor(
    readonly view: string,
    readonly values: object,
    readonly errors: FormErrors,
  ) {
    super('The form did not pass.');
  }
}

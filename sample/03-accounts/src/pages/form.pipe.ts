import { Injectable, type PipeTransform, type Type } from '@nestjs/common';
import { plainToInstance } from 'class-transformer';
import { validate } from 'class-validator';
import type { MessageKey } from '../preferences/phrases.js';
import { FormRefused, type FormErrors } from './form-refused.exception.js';

/** Turns a sent form into an instance of its class, or shows the page of the form again with what is wrong. */
@Injectable()
export class FormPipe<T extends object> implements PipeTransform<unknown, Promise<T>> {
  constructor(
    private readonly type: Type<T>,
    private readonly view: string,
  ) {}

  async transform(body: unknown): Promise<T> {
    const form = plainToInstance(this.type, body ?? {});
    const problems = await validate(form, { whitelist: true, stopAtFirstError: true });
    if (problems.length > 0) {
      const errors: FormErrors = {};
      for (const { property, constraints = {} } of problems) {
        errors[property] = Object.values(constraints)[0] as MessageKey;
      }
      throw new FormRefused(this.view, form, errors);
    }
    return form;
  }
}

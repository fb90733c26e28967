import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Type } from 'class-transformer';
import {
  IsString,
  Validate,
  ValidateNested,
  ValidatorConstraint,
  type ValidatorConstraintInterface,
} from 'class-validator';
import { describe, expect, it } from '@jest/globals';
import * as v from 'valibot';
import { z } from 'zod';
import { memoryStore, SessionModule, SessionOptionsError, SessionService } from 'nest-sessions';
import { dataClassCheck } from '../../lib/options/data-class.check.js';
import { dataSchemas } from '../support/data-schemas.js';

const quietly = { logger: false, abortOnError: false } as const;

async function boot(options: object, isAsync = false) {
  const store = memoryStore();
  const sessions = isAsync
    ? SessionModule.forRootAsync({ store, useFactory: () => options })
    : SessionModule.forRoot({ store, ...options });
  @Module({ imports: [sessions] })
  class AppModule {}
  return NestFactory.createApplicationContext(AppModule, quietly);
}

async function problemsOf(options: object, isAsync = false): Promise<readonly string[]> {
  const error: unknown = await boot(options, isAsync).then(
    (app) => app.close(),
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(SessionOptionsError);
  return (error as SessionOptionsError).problems;
}

@ValidatorConstraint({ name: 'isFree', async: true })
class IsFree implements ValidatorConstraintInterface {
  async validate(): Promise<boolean> {
    return true;
  }
}
@ValidatorConstraint({ name: 'isTrue' })
class IsTrueLater {
  validate(): Promise<boolean> {
    return Promise.reject(new Error('not now'));
  }
}
class WithUndeclaredAsyncRule {
  @Validate(IsTrueLater as never) name!: string;
}
class WithAsyncRule {
  @IsString() @Validate(IsFree) name!: string;
}
class Address {
  @IsString() city!: string;
}
class WithPlainParts {
  @ValidateNested() address!: Address;
}
class WithPlainList {
  @ValidateNested({ each: true }) addresses!: Address[];
}
class WithPlainPartsBelow {
  @ValidateNested({ each: true }) @Type(() => WithPlainParts) people!: WithPlainParts[];
}
class WithAsyncRuleBelow {
  @ValidateNested() @Type(() => WithAsyncRule) person!: WithAsyncRule;
}
class Tree {
  @ValidateNested({ each: true }) @Type(() => Tree) children!: Tree[];
}
class WithoutRules {
  name!: string;
}

const schemaOf = (version: unknown, validate: unknown) => ({
  '~standard': { version, vendor: 'test', validate },
});

describe('The option data', () => {
  it.each([
    { what: 'a plain object', data: { name: 'string' } },
    { what: 'a string', data: 'name' },
    { what: 'true', data: true },
    { what: 'an instance', data: new WithoutRules() },
    { what: 'a schema of another version', data: schemaOf(2, () => ({ value: {} })) },
    { what: 'a schema without validate', data: schemaOf(1, undefined) },
    { what: 'a schema of nothing', data: { '~standard': null } },
  ])('fails by name for $what', async ({ data }) => {
    const expected = 'data: expected a class with rules of class-validator, or a Standard Schema (version 1)';
    expect(await problemsOf({ data })).toEqual([expect.stringContaining(expected)]);
    expect(await problemsOf({ data }, true)).toEqual([expect.stringContaining(expected)]);
  });

  it.each([
    { what: 'a class without rules', data: WithoutRules, named: 'the class WithoutRules has no rules' },
    { what: 'a function', data: () => true, named: 'has no rules of class-validator' },
    {
      what: 'an asynchronous schema',
      data: schemaOf(1, async () => ({ value: {} })),
      named: 'asynchronously',
    },
    {
      what: 'one that rejects',
      data: schemaOf(1, () => Promise.reject(new Error('no'))),
      named: 'asynchronously',
    },
    { what: 'one of Zod', data: z.object({}).refine(async () => true), named: 'asynchronously' },
    { what: 'one of Valibot', data: v.objectAsync({ name: v.string() }), named: 'asynchronously' },
    { what: 'an asynchronous rule', data: WithAsyncRule, named: 'name: the rule isFree is asynchronous' },
    {
      what: 'one that is not declared so',
      data: WithUndeclaredAsyncRule,
      named: 'name: the rule isTrue is asynchronous',
    },
    { what: 'one below', data: WithAsyncRuleBelow, named: 'person.name: the rule isFree is asynchronous' },
    {
      what: 'a part without @Type()',
      data: WithPlainParts,
      named: 'address: @ValidateNested() needs @Type(',
    },
    { what: 'a list without it', data: WithPlainList, named: 'addresses: @ValidateNested() needs @Type(' },
    { what: 'one below', data: WithPlainPartsBelow, named: 'people.address: @ValidateNested() needs @Type(' },
  ])('fails for $what and says why', async ({ data, named }) => {
    const [problem, ...others] = await problemsOf({ data });
    expect(problem).toMatch(/^data: /);
    expect(problem).toContain(named);
    expect(others).toEqual([]);
  });

  it('is listed with whatever else is wrong', async () => {
    const problems = await problemsOf({ data: WithoutRules, idleTimeout: -1 });
    expect(problems.map((problem) => problem.split(':')[0]).toSorted()).toEqual(['data', 'idleTimeout']);
  });

  it('says what to install where class-transformer is missing', async () => {
    const missing = dataClassCheck(Address, () =>
      Promise.reject(new Error("Cannot find package 'class-transformer'")),
    );
    await expect(missing).rejects.toBeInstanceOf(SessionOptionsError);
    await expect(missing).rejects.toThrow('npm install class-transformer');
  });

  it.each([
    ...dataSchemas,
    { kind: 'a class that holds itself', data: Tree },
    { kind: 'nothing', data: undefined },
  ])('may be $kind, also from a factory', async ({ data }) => {
    for (const isAsync of [false, true]) {
      const app = await boot({ data }, isAsync);
      expect(app.get(SessionService)).toBeDefined();
      await app.close();
    }
  });

  it('may be a schema that is a function', async () => {
    const schema = Object.assign(
      () => undefined,
      schemaOf(1, () => ({ issues: [{ message: 'never' }] })),
    );
    const app = await boot({ data: schema });
    await expect(app.get(SessionService).create({ name: 'Ada' })).rejects.toThrow('never');
    await app.close();
  });

  it('may be a schema that turns out to be asynchronous, which then says so at every commit', async () => {
    const data = z.object({ name: z.string().refine(async () => true) });
    const app = await boot({ data });
    const creating = app.get(SessionService).create({ name: 'Ada' });
    await expect(creating).rejects.toThrow('The option "data": the schema validates asynchronously');
    await app.close();
  });
});

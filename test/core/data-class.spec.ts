import { Module, type INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Exclude, Transform, Type } from 'class-transformer';
import { IsDate, IsInstance, IsInt, IsOptional, IsString, ValidateNested } from 'class-validator';
import { afterEach, describe, expect, it } from '@jest/globals';
import {
  jsonSerializer,
  memoryStore,
  richSerializer,
  SessionModule,
  SessionService,
  type SessionDataError,
  type SessionSerializer,
} from 'nest-sessions';

class Visit {
  @IsDate() @Type(() => Date) at!: Date;
  @IsOptional() @IsInt() @Transform(({ value }) => Number(value)) page?: number;
}
class Circle {
  kind!: 'circle';
  @IsInt() radius!: number;
}
class Square {
  kind!: 'square';
  @IsInt() side!: number;
}
class Data {
  @IsOptional() @IsDate() @Type(() => Date) at?: Date;
  @IsOptional() @IsInt() @Transform(({ value }) => Number(value)) page?: number;
  @IsOptional() @IsString() @Exclude() name?: string;
  @IsOptional() @IsInstance(URL) home?: URL;
  @IsOptional() @ValidateNested() @Type(() => Visit) last?: Visit;
  @IsOptional() @ValidateNested({ each: true }) @Type(() => Visit) visits?: Visit[];
  @IsOptional()
  @ValidateNested({ each: true })
  @Type(() => Circle, {
    discriminator: {
      property: 'kind',
      subTypes: [
        { name: 'circle', value: Circle },
        { name: 'square', value: Square },
      ],
    },
  })
  shapes?: (Circle | Square)[];
  @IsInt() theme = 1;
  get label(): string {
    return 'label';
  }
}

describe('Data validated by a class', () => {
  let app: INestApplicationContext;
  afterEach(() => app.close());

  /** Where the data does not fit; nowhere, when it could be stored and read again. */
  async function faults(data: object, serializer: SessionSerializer = jsonSerializer): Promise<string[]> {
    @Module({ imports: [SessionModule.forRoot({ store: memoryStore(), data: Data, serializer })] })
    class AppModule {}
    app = await NestFactory.createApplicationContext(AppModule, { logger: false, abortOnError: false });
    const sessions = app.get(SessionService);
    try {
      const { id } = await sessions.create(data);
      expect((await sessions.open(id!))!.toJSON()).toEqual(
        serializer.deserialize(serializer.serialize({ ...data })),
      );
      return [];
    } catch (error) {
      return (error as SessionDataError).problems.map(({ path, reason }) => `${path} ${reason}`);
    }
  }

  it.each([
    {
      what: 'a Date that JSON makes a string',
      data: { at: new Date(0) },
      paths: ['at must be a Date instance'],
    },
    {
      what: 'a string that @Transform() would make a number',
      data: { page: '5' },
      paths: ['page must be an integer number'],
    },
    { what: 'a key that @Exclude() would take away', data: { name: 5 }, paths: ['name must be a string'] },
    { what: 'a Date below', data: { last: { at: new Date(0) } }, paths: ['last.at must be a Date instance'] },
    {
      what: 'a value that is transformed in a list',
      data: { visits: [{ at: 1, page: '5' }] },
      paths: ['visits[0].at must be a Date instance', 'visits[0].page must be an integer number'],
    },
    {
      what: 'an object of one of several classes',
      data: {
        shapes: [
          { kind: 'circle', radius: 1 },
          { kind: 'square', radius: 1 },
        ],
      },
      paths: ['shapes[1].side must be an integer number'],
    },
    {
      what: 'a string for an object',
      data: { last: 'yesterday' },
      paths: ['last nested property last must be either object or array'],
    },
    {
      what: 'a default that is overwritten',
      data: { theme: 'dark' },
      paths: ['theme must be an integer number'],
    },
  ])('is taken as it is stored, so that $what does not fit', async ({ data, paths }) => {
    expect(await faults(data)).toEqual(paths);
  });

  it.each([
    { what: 'a Date', data: { at: new Date(0) } },
    { what: 'a Date below', data: { last: { at: new Date(0), page: 5 }, visits: [{ at: new Date(1) }] } },
    { what: 'an object that cannot be copied', data: { home: new URL('https://example.com/a') } },
    {
      what: 'one that no rule is about',
      data: { page: 1, link: new URL('https://example.com'), m: new Map([[1, 2]]) },
    },
    {
      what: 'several classes',
      data: {
        shapes: [
          { kind: 'circle', radius: 1 },
          { kind: 'square', side: 1 },
        ],
      },
    },
    { what: 'a key that the class computes', data: { page: 1, label: 'mine' } },
  ])('keeps $what under the rich serializer', async ({ data }) => {
    expect(await faults(data, richSerializer)).toEqual([]);
  });
});

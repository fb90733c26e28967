import { Type } from 'class-transformer';
import {
  IsArray,
  IsInt,
  IsOptional,
  IsString,
  MinLength,
  Min,
  Validate,
  ValidateNested,
  ValidatorConstraint,
} from 'class-validator';
import type { SessionDataSchema } from '../../lib/options/session-data-schema.js';
import * as v from 'valibot';
import { z } from 'zod';

class Item {
  @IsString() @MinLength(3) sku!: string;
  @IsInt() @Min(1) quantity!: number;
}

class Cart {
  @IsArray() @ValidateNested({ each: true }) @Type(() => Item) items!: Item[];
}

/** Both, or neither: what no single key can tell. */
@ValidatorConstraint({ name: 'together' })
class Together {
  validate(_: unknown, { object }: { object: object }): boolean {
    const { street, city } = object as ShopData;
    return (street === undefined) === (city === undefined);
  }

  defaultMessage(): string {
    return 'street and city go together';
  }
}

class ShopData {
  @IsOptional() @IsString() @MinLength(2) name?: string;
  @IsOptional() @IsInt() @Min(0) visits?: number;
  @IsOptional() @ValidateNested() @Type(() => Cart) cart?: Cart;
  @IsOptional() @IsInt() apples?: number;
  @Validate(Limit(10)) pears?: number;
  @Validate(Together) street?: string;
  @IsOptional() @IsString() city?: string;
}

/** At most so many apples and pears together. */
function Limit(most: number): Function {
  @ValidatorConstraint({ name: 'limit' })
  class LimitConstraint {
    validate(_: unknown, { object }: { object: object }): boolean {
      const { apples = 0, pears = 0 } = object as ShopData;
      return apples + pears <= most;
    }

    defaultMessage(): string {
      return 'too much fruit';
    }
  }
  return LimitConstraint;
}

const zodSchema = z
  .object({
    name: z.string().min(2).optional(),
    visits: z.int().min(0).optional(),
    cart: z
      .object({ items: z.array(z.object({ sku: z.string().min(3), quantity: z.int().min(1) })) })
      .optional(),
    apples: z.int().optional(),
    pears: z.int().optional(),
    street: z.string().optional(),
    city: z.string().optional(),
  })
  .refine(({ apples = 0, pears = 0 }) => apples + pears <= 10, { path: ['pears'], error: 'too much fruit' })
  .refine(({ street, city }) => (street === undefined) === (city === undefined), {
    path: ['street'],
    error: 'street and city go together',
  });

const valibotSchema = v.pipe(
  v.object({
    name: v.optional(v.pipe(v.string(), v.minLength(2))),
    visits: v.optional(v.pipe(v.number(), v.integer(), v.minValue(0))),
    cart: v.optional(
      v.object({
        items: v.array(
          v.object({
            sku: v.pipe(v.string(), v.minLength(3)),
            quantity: v.pipe(v.number(), v.integer(), v.minValue(1)),
          }),
        ),
      }),
    ),
    apples: v.optional(v.number()),
    pears: v.optional(v.number()),
    street: v.optional(v.string()),
    city: v.optional(v.string()),
  }),
  v.forward(
    v.check(({ apples = 0, pears = 0 }) => apples + pears <= 10, 'too much fruit'),
    ['pears'],
  ),
  v.forward(
    v.check(
      ({ street, city }) => (street === undefined) === (city === undefined),
      'street and city go together',
    ),
    ['street'],
  ),
);

/** The same rules in three ways: a shop's session, none of whose keys has to be there. */
export const dataSchemas: { kind: string; data: SessionDataSchema }[] = [
  { kind: 'a class', data: ShopData },
  { kind: 'Zod', data: zodSchema },
  { kind: 'Valibot', data: valibotSchema },
];

/** A schema that counts how often it is asked, and what it is asked about. */
export function counting(check: (data: any) => readonly { message: string; path?: PropertyKey[] }[]) {
  const seen: unknown[] = [];
  const schema: SessionDataSchema = {
    '~standard': {
      version: 1,
      vendor: 'test',
      validate: (value) => {
        seen.push(structuredClone(value));
        const issues = check(value);
        return issues.length > 0 ? { issues } : { value };
      },
    },
  };
  return { schema, seen, take: () => seen.splice(0) };
}

import { Field, ID, Int, ObjectType } from '@nestjs/graphql';

@ObjectType()
export class Team {
  @Field(() => ID)
  readonly id!: string;

  @Field(() => String)
  readonly name!: string;

  /** Which of the colours of the style sheet, from 0 on. No two teams have the same. */
  @Field(() => Int)
  readonly colour!: number;

  @Field(() => Int)
  readonly points!: number;
}

/** What the session keeps, GraphQL answers and sockets tell. */
@ObjectType()
export class Quiz {
  /** One more with each change: a window that is told of two at once knows which one is the later. */
  @Field(() => Int)
  readonly revision!: number;

  @Field(() => [Team])
  readonly teams!: readonly Team[];
}

export const NEW_QUIZ: Quiz = { revision: 0, teams: [] };

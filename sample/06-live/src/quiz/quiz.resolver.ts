import { Args, ID, Mutation, Query, Resolver } from '@nestjs/graphql';
import { RequireLogin } from 'nest-sessions';
import { NamePipe } from '../name.pipe.js';
import { MAX_TEAMS } from './quiz.changes.js';
import { Quiz } from './quiz.js';
import { QuizService } from './quiz.service.js';

@RequireLogin()
@Resolver()
export class QuizResolver {
  constructor(private readonly quizzes: QuizService) {}

  @Query(() => Quiz)
  quiz(): Promise<Quiz> {
    return this.quizzes.show();
  }

  @Mutation(() => Quiz, { description: `There are ${MAX_TEAMS} teams at most; one more changes nothing.` })
  addTeam(@Args('name', NamePipe) name: string): Promise<Quiz> {
    return this.quizzes.addTeam(name);
  }

  @Mutation(() => Quiz)
  removeTeam(@Args('id', { type: () => ID }) id: string): Promise<Quiz> {
    return this.quizzes.removeTeam(id);
  }

  @Mutation(() => Quiz, { description: 'All points back to zero.' })
  startOver(): Promise<Quiz> {
    return this.quizzes.startOver();
  }
}

import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Subject, type Observable } from 'rxjs';
import { SessionService } from 'nest-sessions';
import { NEW_QUIZ, type Quiz } from './quiz.js';
import { startedOver, withoutTeam, withPoints, withTeam } from './quiz.changes.js';

/** A quiz as it has been stored, and the session that has it. */
export interface QuizChange {
  readonly sessionId: string;
  readonly quiz: Quiz;
}

/** The quiz of the session, whether a request asks or a message of a socket. */
@Injectable()
export class QuizService {
  readonly #changes = new Subject<QuizChange>();

  readonly changes: Observable<QuizChange> = this.#changes;

  constructor(private readonly sessions: SessionService) {}

  async show(): Promise<Quiz> {
    const session = await this.sessions.current();
    return session.get('quiz', NEW_QUIZ);
  }

  addTeam(name: string): Promise<Quiz> {
    const id = randomUUID();
    return this.change((quiz) => withTeam(quiz, id, name));
  }

  removeTeam(id: string): Promise<Quiz> {
    return this.change((quiz) => withoutTeam(quiz, id));
  }

  score(id: string, more: number): Promise<Quiz> {
    return this.change((quiz) => withPoints(quiz, id, more));
  }

  startOver(): Promise<Quiz> {
    return this.change(startedOver);
  }

  private async change(change: (quiz: Quiz) => Quiz): Promise<Quiz> {
    const session = await this.sessions.current();
    // Run again when another window was first: no point is lost when two count at once.
    session.update('quiz', (quiz = NEW_QUIZ) => change(quiz));
    // Now, and not when the handler is done: the windows are told of nothing that may still fail.
    await session.save();
    const quiz = session.get('quiz', NEW_QUIZ);
    this.#changes.next({ sessionId: session.id!, quiz });
    return quiz;
  }
}

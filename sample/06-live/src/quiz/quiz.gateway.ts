import {
  MessageBody,
  SubscribeMessage,
  WebSocketGateway,
  type OnGatewayConnection,
  type OnGatewayInit,
} from '@nestjs/websockets';
import { RequireLogin, SessionService, WithSession } from 'nest-sessions';
import type { Server, Socket } from 'socket.io';
import { QuizService } from './quiz.service.js';
import { StepPipe } from './step.pipe.js';

/** The windows that show a quiz: one room for each session. */
@WithSession()
@RequireLogin()
@WebSocketGateway()
export class QuizGateway implements OnGatewayInit, OnGatewayConnection {
  constructor(
    private readonly sessions: SessionService,
    private readonly quizzes: QuizService,
  ) {}

  afterInit(server: Server): void {
    this.quizzes.changes.subscribe(({ sessionId, quiz }) => server.to(sessionId).emit('quiz', quiz));
  }

  async handleConnection(window: Socket): Promise<void> {
    const session = await this.sessions.current();
    if (session.userId === undefined) {
      window.disconnect(true);
      return;
    }
    await window.join(session.id!);
    // As it is now: what was changed since the page was made, and before the room was joined, nobody has told.
    await session.reload();
    window.emit('quiz', await this.quizzes.show());
  }

  @SubscribeMessage('score')
  async score(@MessageBody('team') team: string, @MessageBody('by', StepPipe) by: number): Promise<void> {
    await this.quizzes.score(team, by);
  }
}

import type { Quiz } from './quiz/quiz.js';

// What the sessions of this application hold. From here on every `Session` is typed.
declare module 'nest-sessions' {
  interface SessionData {
    /** The name of who keeps the score. */
    host: string;
    quiz: Quiz;
  }
}

import type { Quiz, Team } from './quiz.js';

export const MAX_TEAMS = 8;
export const MAX_POINTS = 999;

// All of them leave the quiz that they are given as it is, and may be run again on a fresher one: `session.update()`
// needs both. What no longer applies, such as a point for a team that another window has removed, changes nothing.

export function withTeam(quiz: Quiz, id: string, name: string): Quiz {
  const colour = colours.find((each) => quiz.teams.every((team) => team.colour !== each));
  return colour === undefined ? quiz : next(quiz, [...quiz.teams, { id, name, colour, points: 0 }]);
}

export function withoutTeam(quiz: Quiz, id: string): Quiz {
  const rest = quiz.teams.filter((team) => team.id !== id);
  return rest.length === quiz.teams.length ? quiz : next(quiz, rest);
}

export function withPoints(quiz: Quiz, id: string, more: number): Quiz {
  const scored = (team: Team): Team => ({
    ...team,
    points: Math.min(Math.max(team.points + more, 0), MAX_POINTS),
  });
  return quiz.teams.some((team) => team.id === id)
    ? next(
        quiz,
        quiz.teams.map((team) => (team.id === id ? scored(team) : team)),
      )
    : quiz;
}

export function startedOver(quiz: Quiz): Quiz {
  return next(
    quiz,
    quiz.teams.map((team) => ({ ...team, points: 0 })),
  );
}

const colours = Array.from({ length: MAX_TEAMS }, (_, index) => index);

function next({ revision }: Quiz, teams: readonly Team[]): Quiz {
  return { revision: revision + 1, teams };
}

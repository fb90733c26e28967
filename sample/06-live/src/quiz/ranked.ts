import type { Quiz, Team } from './quiz.js';

export interface RankedTeam extends Team {
  /** From 1 on; equal points share one. */
  readonly rank: number;
}

/** The best first. The script of the page does the same with what it is told. */
export function ranked({ teams }: Quiz): RankedTeam[] {
  return teams
    .map((team) => ({ ...team, rank: 1 + teams.filter(({ points }) => points > team.points).length }))
    .toSorted((one, other) => one.rank - other.rank);
}

const list = document.querySelector('#teams');
const template = document.querySelector('#team');
const add = document.querySelector('#add');
const isByRank = list.dataset.order === 'rank';
const calm = matchMedia('(prefers-reduced-motion: reduce)');
let revision = Number(list.dataset.revision);

/** Draws the quiz, unless a later one is there: answers of GraphQL and messages of the socket overtake each other. */
export function show(quiz) {
  if (quiz.revision <= revision) {
    return;
  }
  revision = quiz.revision;
  if (isByRank && document.startViewTransition && !calm.matches) {
    // Teams that overtake each other are seen doing so. The next change may be faster, and cut it short.
    document.startViewTransition(() => draw(quiz.teams)).ready.catch(() => undefined);
  } else {
    draw(quiz.teams);
  }
}

function draw(teams) {
  const best = Math.max(1, ...teams.map(({ points }) => points));
  const ranked = teams.map((team) => ({
    ...team,
    rank: 1 + teams.filter(({ points }) => points > team.points).length,
  }));
  const inOrder = isByRank ? ranked.toSorted((one, other) => one.rank - other.rank) : ranked;
  const known = new Map([...list.children].map((element) => [element.dataset.team, element]));
  const elements = inOrder.map((team) => fill(known.get(team.id) ?? newElement(team), team, best));

  [...known.values()].filter((element) => !elements.includes(element)).forEach((element) => element.remove());
  elements.forEach((element, index) => {
    // What stays where it is keeps the focus.
    if (list.children[index] !== element) {
      list.insertBefore(element, list.children[index] ?? null);
    }
  });
  if (add) {
    add.hidden = teams.length >= Number(list.dataset.max);
  }
}

/** By the template that the server has used as well. */
function newElement({ id, colour }) {
  const element = template.content.firstElementChild.cloneNode(true);
  element.dataset.team = id;
  element.dataset.colour = colour;
  return nameForTransitions(element);
}

function fill(element, team, best) {
  element.dataset.rank = team.rank;
  for (const part of element.querySelectorAll('[data-show]')) {
    const text = String(team[part.dataset.show]);
    if (part.textContent !== text) {
      part.textContent = text;
      bump(part);
    }
  }
  const bar = element.querySelector('progress');
  if (bar) {
    bar.max = best;
    bar.value = team.points;
  }
  return element;
}

function bump(part) {
  if (part.dataset.show === 'points' && !calm.matches) {
    part.animate([{ transform: 'scale(1.25)' }, { transform: 'none' }], {
      duration: 250,
      easing: 'ease-out',
    });
  }
}

function nameForTransitions(element) {
  element.style.viewTransitionName = `team-${element.dataset.team}`;
  return element;
}

[...list.children].forEach(nameForTransitions);

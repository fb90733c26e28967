import { show } from './board.js';
import { mutate } from './graphql.js';
import { socket } from './live.js';

const problem = document.querySelector('#problem');

function fail() {
  problem.textContent = 'That did not work. Load the page again.';
}

/** Asks GraphQL. The socket tells all windows, this one too; whichever is first is shown. */
async function ask(mutation, variables) {
  problem.textContent = '';
  try {
    show(await mutate(mutation, variables));
  } catch {
    fail();
  }
}

socket.on('exception', fail);

document.querySelector('#teams').addEventListener('click', ({ target }) => {
  const button = target.closest('button');
  const team = button?.closest('[data-team]').dataset.team;
  if (button?.dataset.by) {
    socket.emit('score', { team, by: Number(button.dataset.by) });
  } else if (button) {
    void ask('removeTeam', { id: team });
  }
});

document.querySelector('#add').addEventListener('submit', (event) => {
  event.preventDefault();
  const form = event.target;
  void ask('addTeam', { name: form.elements.name.value });
  form.reset();
});

document.querySelector('#start-over').addEventListener('click', () => void ask('startOver'));

// This window ends it: the notice is for the others.
document.querySelector('#log-out').addEventListener('submit', () => socket.disconnect());

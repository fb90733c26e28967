// The client that socket.io's own server serves.
import { io } from '../socket.io/socket.io.esm.min.js';
import { show } from './board.js';

const words = { connecting: 'Connecting…', live: 'Live', ended: 'Ended' };

/** The socket of this window. It has the session of the page, whose cookie came with its handshake. */
export const socket = io({ transports: ['websocket'] });

socket.on('quiz', (quiz) => {
  show(quiz);
  become('live');
});
socket.on('disconnect', (reason) => {
  switch (reason) {
    case 'io client disconnect':
      return;
    case 'io server disconnect':
      // The session has ended, whichever window has ended it.
      become('ended');
      document.querySelector('#ended').showModal();
      return;
    default:
      // The line is bad, or the server is starting again. The socket comes back by itself.
      become('connecting');
  }
});

function become(status) {
  document.body.dataset.status = status;
  document.querySelector('#status').textContent = words[status];
  document.querySelectorAll('[data-live]').forEach((part) => (part.inert = status !== 'live'));
}

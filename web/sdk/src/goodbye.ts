/** The last word for a session whose connection is away, so that nobody waits for who has gone. */
import { Socket } from './socket';

/** How long it is tried, in milliseconds; after that the server has given the session up itself. */
const PATIENCE = 30_000;

/** Takes the session over and leaves it. Answers nothing: who presses Stop does not wait. */
export function sayGoodbye(url: string, token: string, resume: string): void {
  const end = () => {
    clearTimeout(timer);
    socket.close();
  };
  const timer = setTimeout(end, PATIENCE);
  const socket = new Socket(url, {
    up: () => void socket.send({ type: 'hello', token, resume }),
    down: () => {},
    message: ({ type }) => {
      if (type === 'welcome') socket.send({ type: 'leave' });
      if (type === 'welcome' || type === 'error') end();
    },
  });
  socket.open();
}

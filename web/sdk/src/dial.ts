/** Opens the second WebSocket of a move to another node. */
import { SUBPROTOCOL } from './protocol.gen';

/** How long one try may take, in milliseconds. */
const PATIENCE = 5_000;

/** Opens one as often as it takes, each time after `backoff` of the tries before. Call the result to give up. */
export function dial(url: string, backoff: (tries: number) => number, opened: (ws: WebSocket) => void): () => void {
  let timer: ReturnType<typeof setTimeout>;
  let ws: WebSocket | null = null;
  const leave = () => {
    clearTimeout(timer);
    if (!ws) return;
    ws.onopen = ws.onclose = null;
    ws.close();
    ws = null;
  };
  const open = (tries: number) => {
    const again = () => {
      leave();
      timer = setTimeout(open, backoff(tries), tries + 1);
    };
    try {
      ws = new WebSocket(url, SUBPROTOCOL);
    } catch {
      return again();
    }
    const next = ws;
    timer = setTimeout(again, PATIENCE);
    next.onclose = again;
    next.onopen = () => {
      clearTimeout(timer);
      opened(next);
    };
  };
  open(1);
  return leave;
}

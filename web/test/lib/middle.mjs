// The test in the middle: a proxy between one person's page and the server that swaps the public keys.
//
//   page ──HTTP, WebSocket──▶ Middle ──▶ server
//        ◀─ matched {peer.key → own key, key_id recomputed}
//        ─▶ find/next/rekey {key → own key}
//
// It can hold neither data channel nor media, as a server could; it shows that swapped keys do not go unnoticed.
import { createHash, generateKeyPairSync } from 'node:crypto';
import { createServer, request } from 'node:http';
import { WebSocket, WebSocketServer } from 'ws';

const subprotocol = 'passerby.v1';

/** A fresh public key of the same kind as text. */
function keyLike(text) {
  const x25519 = text.startsWith('x25519:');
  const { publicKey } = x25519 ? generateKeyPairSync('x25519') : generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const jwk = publicKey.export({ format: 'jwk' });
  const raw = x25519 ? Buffer.from(jwk.x, 'base64url') : Buffer.concat([Buffer.from([4]), Buffer.from(jwk.x, 'base64url'), Buffer.from(jwk.y, 'base64url')]);
  return `${x25519 ? 'x25519' : 'p256'}:${raw.toString('base64url')}`;
}

export const keyId = (match, initiator, responder) =>
  createHash('sha256').update(`passerby.v1 key-id\n${match}\n${initiator}\n${responder}`).digest('hex').slice(0, 12);

export class Middle {
  swapped = 0;
  #sockets = new Set();

  /** `server` is the address of the real one; `honestKeyId` leaves the server's key_id as it is. */
  static async start(server, { honestKeyId = false } = {}) {
    const middle = new Middle();
    const target = new URL(server);
    middle.http = createServer((req, res) => {
      // Under the page's own host, which its device key signs.
      const up = request({ host: '127.0.0.1', port: target.port, path: req.url, method: req.method, headers: req.headers }, (answer) => {
        res.writeHead(answer.statusCode, answer.headers);
        answer.pipe(res);
      });
      up.on('error', () => res.destroy());
      req.pipe(up);
    });
    const sockets = new WebSocketServer({ noServer: true, handleProtocols: () => subprotocol });
    middle.http.on('upgrade', (req, socket, head) =>
      sockets.handleUpgrade(req, socket, head, (page) => middle.#join(page, `ws://127.0.0.1:${target.port}${req.url}`, target.origin, honestKeyId)),
    );
    await new Promise((resolve) => middle.http.listen(0, '127.0.0.1', resolve));
    middle.url = `http://localhost:${middle.http.address().port}`;
    return middle;
  }

  #join(page, url, origin, honestKeyId) {
    const up = new WebSocket(url, subprotocol, { headers: { host: new URL(origin).host }, origin });
    for (const socket of [page, up]) this.#sockets.add(socket);
    const waiting = [];
    let own = ''; // the page's real key, as it sent it last
    page.on('message', (data) => {
      const m = JSON.parse(String(data));
      if (m.key) {
        own = m.key;
        m.key = keyLike(m.key);
        this.swapped++;
      }
      const text = JSON.stringify(m);
      if (up.readyState === WebSocket.OPEN) up.send(text);
      else waiting.push(text);
    });
    up.on('open', () => waiting.splice(0).forEach((text) => up.send(text)));
    up.on('message', (data) => {
      const m = JSON.parse(String(data));
      if (m.type === 'matched') {
        m.peer.key = keyLike(m.peer.key);
        if (!honestKeyId) m.key_id = m.initiator ? keyId(m.match, own, m.peer.key) : keyId(m.match, m.peer.key, own);
        this.swapped++;
      }
      page.send(JSON.stringify(m));
    });
    for (const [from, to] of [[page, up], [up, page]]) {
      from.on('close', () => to.close());
      from.on('error', () => to.terminate());
    }
  }

  async stop() {
    for (const socket of this.#sockets) socket.terminate();
    this.http.closeAllConnections();
    await new Promise((resolve) => this.http.close(resolve));
  }
}

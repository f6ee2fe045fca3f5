// Three nodes behind NGINX: one after the other is killed, or told to stop, under two people who talk.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { meet } from './person.mjs';

/** What happens to a node. */
const ends = {
  'is killed': (cluster, node) => cluster.kill(node),
  stops: (cluster, node) => cluster.halt(node),
};

/** A test for each end, in text or video. */
export function endure(stage, mode) {
  for (const [name, end] of Object.entries(ends)) {
    test(`each node ${name} in turn: the same ${mode} goes on, and no text is lost or doubled`, { timeout: 240_000 }, stage.told(async () => {
      const [a, b] = await stage.people('red', 'blue');
      const match = await meet(a, b, { mode });
      const look = () => mode === 'text' || Promise.all([a.sees('blue'), b.sees('red')]);
      await look();
      let n = 0;
      for (let node = 1; node <= stage.server.nodes; node++) {
        await Promise.all([a.say(`a ${++n}`), b.say(`b ${n}`)]);
        await end(stage.server, node);
        await Promise.all([a.say(`a ${++n}`), b.say(`b ${n}`)]);
        await Promise.all([a.has(`b ${n}`), b.has(`a ${n}`)]);
        await Promise.all([a.inState('matched'), b.inState('matched')]);
        await look();
        await stage.server.start(node);
      }
      for (const [p, other] of [[a, 'b'], [b, 'a']]) {
        assert.equal(await p.matchId(), match, `${p.name} is in the same match`);
        const got = (await p.messages()).filter((m) => m.from === 'partner').map((m) => m.text);
        assert.deepEqual(got, Array.from({ length: n }, (_, i) => `${other} ${i + 1}`));
      }
    }));
  }
}

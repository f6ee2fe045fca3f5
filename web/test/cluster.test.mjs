// Three nodes behind NGINX: one after the other is killed, or told to stop, under two people who talk. Only with --cluster.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { meet } from './lib/person.mjs';
import { setStage } from './lib/stage.mjs';

const stage = setStage();

/** What happens to a node, and how it ends. */
const ends = [['is killed', (node) => stage.server.kill(node)], ['stops', (node) => stage.server.halt(node)]];

for (const [name, end] of ends) {
  for (const mode of ['text', 'video']) {
    test(`each node ${name} in turn: the same ${mode} goes on, and no text is lost or doubled`, { timeout: 240_000 }, stage.told(async () => {
      const [a, b] = await stage.people('red', 'blue');
      const match = await meet(a, b, { mode });
      const look = () => mode === 'text' || Promise.all([a.sees('blue'), b.sees('red')]);
      await look();
      let n = 0;
      for (let node = 1; node <= stage.server.nodes; node++) {
        await Promise.all([a.say(`a ${++n}`), b.say(`b ${n}`)]);
        await end(node);
        await Promise.all([a.say(`a ${++n}`), b.say(`b ${n}`)]);
        await Promise.all([a.has(`b ${n}`), b.has(`a ${n}`)]);
        await Promise.all([a.inState('matched'), b.inState('matched')]);
        await look();
        await stage.server.up(node);
      }
      for (const [p, other] of [[a, 'b'], [b, 'a']]) {
        assert.equal(await p.matchId(), match, `${p.name} is in the same match`);
        const got = (await p.messages()).filter((m) => m.from === 'partner').map((m) => m.text);
        assert.deepEqual(got, Array.from({ length: n }, (_, i) => `${other} ${i + 1}`));
      }
    }));
  }
}

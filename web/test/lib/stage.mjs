// What a test file needs: a server, browsers, people; all gone at the end, and the server's log shown when a test failed.
import { after, afterEach, before } from 'node:test';
import { launchChromium, launchFirefox } from './browsers.mjs';
import { Cluster } from './cluster.mjs';
import { Moderator } from './console.mjs';
import { Person } from './person.mjs';
import { binary, Server } from './server.mjs';

/** Whether stage.server is three nodes behind NGINX. */
export const clustered = Boolean(process.env.PASSERBY_TEST_CLUSTER);

const launch = { chromium: launchChromium, firefox: launchFirefox };

/** stage.server is up before the first test; stage.person() joins; people leave after each test. `flags` may be a function that makes them then. */
export function setStage({ flags = {} } = {}) {
  const running = {};
  const people = [];
  const moderators = [];
  const stage = {
    server: null,
    async browser(kind = 'chromium') {
      return (running[kind] ??= await launch[kind]());
    },
    async person(colour, { kind = 'chromium', ...options } = {}) {
      const person = await Person.arrive(await stage.browser(kind), stage.server, { colour, ...options });
      people.push(person);
      return person;
    },
    /** A moderator at the console. */
    async moderator(options) {
      const moderator = await Moderator.arrive(await stage.browser(), stage.server, options);
      moderators.push(moderator);
      return moderator;
    },
    /** Somebody who came on another way leaves after the test, too, and is told of in a failure. */
    joins(person) {
      people.push(person);
    },
    async people(...names) {
      const all = [];
      for (const [i, colour] of names.entries()) all.push(await stage.person(colour, { tone: 300 + 150 * i }));
      return all;
    },
  };
  before(async () => {
    const settings = typeof flags === 'function' ? await flags() : flags;
    stage.server = await (clustered ? Cluster.start(binary, settings) : Server.start(settings));
  });
  afterEach(async () => {
    await Promise.all([...people.splice(0), ...moderators.splice(0)].map((p) => p.leave()));
  });
  after(async () => {
    for (const b of Object.values(running)) await b.close().catch(() => {});
    const end = await stage.server?.stop();
    if (end && (end.code !== 0 || /panic|DATA RACE/.test(stage.server.log))) {
      throw new Error(`the server ended with ${end.signal ?? end.code}:\n${stage.server.log.slice(-8000)}`);
    }
  });
  /** Wraps a test body so that a failure carries what everybody saw and the server's last lines. */
  stage.told = (body) => async (t) => {
    try {
      await body(t);
    } catch (e) {
      for (const p of people) e.message += `\n-- ${p.name} --\n${await p.describe()}`;
      e.message += `\n-- the server's last lines --\n${stage.server.log.split('\n').slice(-40).join('\n')}`;
      throw e;
    }
  };
  return stage;
}

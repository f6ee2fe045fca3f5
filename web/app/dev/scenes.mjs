// Every state of the page: a name, the query, and what happens in it. `page` is a puppeteer page with shortcuts.
const emoji = { emoji: ['🐱', '🌵', '🚲', '🔔'], names: ['cat', 'cactus', 'bicycle', 'bell'] };
const begin = async (p, { mode = 'video', tags = '' } = {}) => {
  const press = (id) => p.$eval(`[data-testid=${id}]`, (e) => e.click());
  await press('confirm-age');
  await press(`mode-${mode}`);
  if (tags) await p.type('[data-testid=tags]', tags);
  await press('start');
};
const wait = async (p, options) => {
  await begin(p, options);
  await p.waitForSelector('[data-state=waiting]');
};
const call = async (p, tags = ['music', 'chess'], name) => {
  await begin(p);
  await p.waitForSelector('[data-state=waiting]');
  await p.evaluate(async (tags, emoji, name) => {
    passerby.meet('video', tags, name);
    await passerby.picture();
    passerby.emit('verify', emoji);
    passerby.emit('quality', { level: 'good' });
  }, tags, emoji, name);
};
const text = async (p, name) => {
  await begin(p, { mode: 'text' });
  await p.waitForSelector('[data-state=waiting]');
  await p.evaluate((emoji, name) => {
    passerby.meet('text', ['film'], name);
    passerby.emit('verify', emoji);
  }, emoji, name);
};
const talk = (p) => p.evaluate(() => {
  passerby.say('Hello there! Where does the night find you?');
  passerby.say('In a kitchen in Porto, with far too much tea.', 'me', 'delivered');
  passerby.say('مرحبا، أحب الشاي أيضا');
  passerby.say('This one is on its way, and it is long enough to need a second line on a phone.', 'me', 'sending');
});

export const scenes = {
  landing: async () => {},
  'landing-filled': async (p) => {
    await p.type('[data-testid=tags]', 'music,chess,old films,Straße,');
    await p.click('.more summary');
    await p.click('.more input[type=checkbox]');
    await p.click('[data-testid=confirm-age]');
  },
  'landing-age': async (p) => { await p.click('[data-testid=start]'); },
  'landing-check': async (p) => { await p.click('.check-button'); await p.waitForSelector('.pickers'); },
  'landing-no-video': { query: 'support=text', run: async () => {} },
  camera: { query: 'media=never', run: (p) => begin(p) },
  proving: { query: 'scene=connecting', run: async (p) => { await begin(p); await p.waitForFunction(() => passerby.state === 'connecting'); await p.evaluate(() => passerby.emit('proving', { share: 0.4 })); } },
  safety: async (p) => { await p.click('[data-testid=safety]'); },
  'call-blurred': async (p) => { await call(p); await p.evaluate(() => passerby.emit('blur', { on: true, ready: true })); },
  'text-ask': async (p) => { await text(p); await talk(p); await p.type('[data-testid=message-input]', 'call me: 0151 2345678'); await p.click('[data-testid=message-send]'); },
  'text-masked': async (p) => { await p.evaluate(() => localStorage.setItem('passerby.words', '["kitchen","t0ad"]')); await text(p); await p.evaluate(() => passerby.say('You t\u043ead, out of my k\u200bitchen!')); },
  connecting: { query: 'scene=connecting', run: (p) => begin(p) },
  waiting: (p) => wait(p),
  'waiting-tags': async (p) => { await p.select('.select', 'de'); await wait(p, { tags: 'music,chess' }); },
  'waiting-tags-late': { query: 'grace=1', run: (p) => wait(p, { tags: 'music,chess' }) },
  'waiting-text': (p) => wait(p, { mode: 'text' }),
  'waiting-after': async (p) => { await call(p); await talk(p); await p.evaluate(() => passerby.leave('left')); },
  'first-frame': async (p) => { await begin(p); await p.waitForSelector('[data-state=waiting]'); await p.evaluate(() => passerby.meet()); },
  call: (p) => call(p),
  'call-name': (p) => call(p, ['music'], 'Ann'),
  'call-name-long': async (p) => {
    await call(p, ['music', 'chess'], 'Wilhelmina Featherstonehaugh-Cholmondeley');
    await p.evaluate(() => passerby.emit('partner', { state: 'online', audio: false, video: true, screen: true }));
  },
  'call-talk': async (p) => { await call(p); await talk(p); await p.evaluate(() => passerby.emit('typing', { on: true })); },
  'call-screen': async (p) => {
    await call(p);
    await p.evaluate(() => (passerby.emit('sharing', { on: true }), passerby.emit('partner', { state: 'online', audio: true, video: true, screen: true })));
  },
  'call-muted': async (p) => {
    await call(p, []);
    await p.keyboard.press('m');
    await p.keyboard.press('v');
    await p.evaluate(() => passerby.emit('partner', { state: 'online', audio: false, video: false, screen: false }));
  },
  'call-paused': async (p) => { await call(p, []); await p.evaluate(() => passerby.emit('partner', { state: 'online', audio: false, video: true, paused: true })); },
  'call-captions': async (p) => {
    await call(p, []);
    await p.evaluate(() => {
      window.SpeechRecognition = class {
        static available = async () => 'available';
        start() { setTimeout(() => this.onresult({ results: [[{ transcript: 'I have just made tea, would you believe it, at this hour of the night.' }]] }), 50); }
        abort() {}
      };
      passerby.remoteStream.addTrack(new AudioContext().createMediaStreamDestination().stream.getAudioTracks()[0]);
    });
    await p.click('[data-testid=devices]');
    await p.waitForFunction(() => document.querySelectorAll('dialog input[type=checkbox]').length === 4);
    await p.evaluate(() => [...document.querySelectorAll('dialog input[type=checkbox]')].at(-1).click());
    await p.keyboard.press('Escape');
    await p.waitForSelector('.captions[data-on=true]');
  },
  'call-fair': async (p) => { await call(p, []); await p.evaluate(() => passerby.emit('quality', { level: 'fair' })); },
  'call-weak': async (p) => { await call(p); await p.evaluate(() => passerby.emit('quality', { level: 'poor' })); },
  'call-weak-said': async (p) => {
    await call(p);
    await p.evaluate(() => passerby.emit('quality', { level: 'poor' }));
    await p.click('[data-testid=quality]');
  },
  'waiting-widened': async (p) => { await wait(p, { tags: 'music' }); await p.click('.card-actions .button'); },
  'call-away': async (p) => { await call(p, []); await p.evaluate(() => passerby.emit('partner', { state: 'reconnecting', audio: true, video: true })); },
  'call-reconnecting': async (p) => { await call(p); await p.evaluate(() => passerby.to('reconnecting')); },
  'call-notice': async (p) => { await call(p); await p.evaluate(() => passerby.trouble('rate_limited', false, 9000)); },
  'call-blocked': async (p) => { await call(p); await p.click('[data-testid=block]'); },
  'call-drain': async (p) => { await call(p); await p.evaluate(() => { passerby.match && passerby.leave('drain'); passerby.to('reconnecting'); }); },
  'waiting-away': async (p) => { await wait(p); await p.evaluate(() => passerby.to('reconnecting')); },
  'text-verify': async (p) => { await text(p); await p.click('[data-testid=verify]'); },
  'landing-long': (p) => p.type('[data-testid=tags]', 'collecting very old postage stamps'),
  verify: async (p) => { await call(p); await p.click('[data-testid=verify]'); },
  'verify-confirmed': async (p) => { await call(p); await p.click('[data-testid=verify]'); await p.click('.dialog .is-primary'); },
  'verify-changed': async (p) => {
    await call(p);
    await p.click('[data-testid=verify]');
    await p.click('.dialog .is-primary');
    await p.evaluate(() => passerby.emit('verify', null));
    await p.waitForSelector('[data-verify=changed]');
  },
  'verify-failed': async (p) => { await call(p); await p.evaluate(() => passerby.emit('verify', { failed: true })); },
  report: async (p) => { await call(p); await talk(p); await p.click('[data-testid=report]'); },
  'report-evidence': async (p) => {
    await call(p);
    await talk(p);
    await p.evaluate(() => passerby.say('Give me your address or I will find you. I know the street, and I know when you leave the house in the morning.'));
    await new Promise((done) => setTimeout(done, 500)); // until there is a picture
    await p.click('[data-testid=report]');
    const tick = (selector) => p.$eval(selector, (e) => e.click()).catch(() => {}); // what the buttons at the foot may cover
    for (const selector of ['input[value=threat]', '[data-testid=report-messages]', '[data-testid=report-picture]']) await tick(selector);
    await p.$eval('[data-testid=report-what]', (e) => e.scrollIntoView({ block: 'end' }));
  },
  'report-sent': async (p) => {
    await call(p);
    await p.click('[data-testid=report]');
    await p.click('input[value=spam]');
    await p.click('.dialog .is-danger');
  },
  devices: async (p) => { await call(p); await p.click('[data-testid=devices]'); },
  emoji: async (p) => { await text(p); await p.click('[data-testid=emoji]'); },
  text: async (p) => { await text(p); await talk(p); },
  'text-name': async (p) => { await text(p, 'عبد الرحمن (7)'); await talk(p); },
  'text-name-long': async (p) => { await text(p, 'W'.repeat(40)); await talk(p); },
  'text-late': async (p) => {
    await p.evaluate(() => { const wait = setTimeout; window.setTimeout = (fn, ms, ...rest) => wait(fn, ms === 10_000 ? 0 : ms, ...rest); });
    await text(p);
    await talk(p);
    await p.waitForSelector('[data-testid=retry]');
  },
  'text-failed': async (p) => {
    await wait(p, { mode: 'text' });
    await p.click('.auto-next input');
    await p.evaluate(() => passerby.meet('text'));
    await talk(p);
    await p.evaluate(() => { passerby.say('And this never arrived.', 'me', 'failed'); passerby.leave('left'); });
  },
  'text-away': async (p) => { await text(p); await talk(p); await p.evaluate(() => passerby.emit('partner', { state: 'reconnecting', audio: true, video: true })); },
  ended: async (p) => {
    await wait(p);
    await p.click('.auto-next input');
    await p.evaluate(() => passerby.meet());
    await p.evaluate(() => passerby.leave('next'));
  },
  'ended-unsafe': async (p) => { await call(p); await p.evaluate(() => { passerby.trouble('key_mismatch', false); passerby.match = null; passerby.to('ended'); }); },
  'ended-text': async (p) => { await text(p); await talk(p); await p.evaluate(() => passerby.leave('drain')); },
  denied: { query: 'media=NotAllowedError', run: (p) => begin(p) },
  'no-camera': { query: 'media=NotFoundError', run: (p) => begin(p) },
  busy: { query: 'media=NotReadableError', run: (p) => begin(p) },
  'check-denied': { query: 'media=NotAllowedError', run: (p) => p.click('.check-button') },
  unsupported: { query: 'support=none', run: async () => {} },
  full: async (p) => { await wait(p); await p.evaluate(() => passerby.trouble('server_full', true, 20_000)); },
  replaced: async (p) => { await call(p); await p.evaluate(() => passerby.trouble('replaced')); },
  unreachable: async (p) => { await wait(p); await p.evaluate(() => passerby.trouble('unreachable')); },
  offline: async (p) => { await call(p); await p.evaluate(() => dispatchEvent(new Event('offline'))); },
  resuming: { query: 'running=1', run: async () => {} },
};

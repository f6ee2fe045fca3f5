// What the console is shown in: answers of the API, and where in the page to look. Names, words and pictures are made up.
const now = Date.now();
const ago = (minutes) => new Date(now - minutes * 60_000).toISOString();
const ahead = (days) => new Date(now + days * 86_400_000).toISOString();

const me = { signed_in: true, id: 'm1', name: 'ada', role: 'admin', stage: 'full', oidc: false };
const figures = { online: 1284, waiting_video: 12, waiting_text: 5, matched: 1190, matches_per_minute: 214.3, nodes: 3, reports_hour: 9, reports_open: 7, appeals_open: 2, bans_active: 31 };
const names = { names: { m1: 'ada', m2: 'grace' } };

const eve = 'u_7QK3ZRNB2WTA';
const cases = [
  { person: 'u_K2M4XPLJ9DQS', reports: 1, reporters: 1, reasons: ['minor'], severity: 5, weight: 1, oldest: ago(4), newest: ago(4) },
  { person: eve, reports: 2, reporters: 2, reasons: ['threat', 'hate'], severity: 4, weight: 1.8, oldest: ago(52), newest: ago(3) },
  { person: 'u_WZ81MNB4TTRA', reports: 3, reporters: 2, reasons: ['nudity'], severity: 3, weight: 1.4, oldest: ago(131), newest: ago(20), claimed_by: 'm2' },
  { person: 'u_B5C6D7E8F9G0', reports: 12, reporters: 3, reasons: ['spam', 'other'], severity: 1, weight: 2.1, oldest: ago(60 * 30), newest: ago(9) },
];

const message = (id, n, text, minutes, proof = 'proven') => ({ id, kind: 'message', from: 'reported', at: ago(minutes), n, proof, type: 'text/plain', text, bytes: text.length, detail: null });
const person = {
  id: eve, first: ago(60 * 24 * 12), last: ago(3), network: true, pool: 'adults',
  counts: { received: 5, acted: 1, dismissed: 2, reporters: 4, made: 3, made_acted: 0 },
  open: [
    {
      id: 'r1', at: ago(52), match: 'QZJZTH5Z6DNU', reporter: 'u_AN2B3C4D5E6F', reported: eve, reason: 'threat', comment: 'He said that he knows my school. I did not tell him.', severity: 4, weight: 1, status: 'open', detail: null,
      evidence: [
        message('e1', 4, 'I know where you live.', 54), message('e2', 6, 'Wait for me after school, <b>tomorrow</b>.', 53),
        { id: 'e3', kind: 'picture', from: 'reported', proof: 'unproven', type: 'image/jpeg', bytes: 48_213, detail: null },
      ],
    },
    { id: 'r2', at: ago(3), match: 'N3DSDR6SSR2G', reporter: 'u_QW9E8R7T6Y5U', reported: eve, reason: 'hate', severity: 3, weight: 0.8, status: 'open', detail: null, evidence: [message('e4', 1, 'אל תדבר איתי', 5)] },
  ],
  decided: [{ id: 'r0', at: ago(60 * 24 * 9), match: 'M', reporter: 'x', reported: eve, reason: 'spam', severity: 1, weight: 1, status: 'acted', detail: null, decided: ago(60 * 24 * 9), decided_by: 'm2', decision: 'ban', note: 'Links to a shop.', evidence: [] }],
  bans: [{ id: 'b0', user: eve, network: false, reason: 'spam', message: 'You sent advertising to many people.', by: 'm2', at: ago(60 * 24 * 9), until: ago(60 * 24 * 8), exempt: 0 }],
  appeals: [],
  chats: [
    { id: 'c1', mode: 'text', started: ago(58), ended: ago(52), reason: 'moderated', tags: ['music'] },
    { id: 'c2', mode: 'video', started: ago(12), ended: ago(11.7), reason: 'next', tags: [] },
  ],
};
const ban = { id: 'b1', user: 'u_7F6G5H4J3K2L', network: true, reason: 'threat', message: 'You threatened somebody.', by: 'm2', at: ago(60 * 20), until: ahead(6), exempt: 0 };
const bans = [ban, { ...ban, id: 'b2', user: 'u_1Q2W3E4R5T6Y', network: false, reason: 'nudity', message: '', until: undefined, by: 'm1', at: ago(60 * 90) }, { ...ban, id: 'b3', user: undefined, cidr: '203.0.113.0/24', reason: 'spam', message: '', by: 'cli', at: ago(60 * 200), until: ahead(20), exempt: 2 }];
const appeals = [{ id: 'a1', ban_id: 'b1', ban, user: 'u_7F6G5H4J3K2L', at: ago(95), text: 'It was a line from a film, we both laughed. I am sorry if it scared somebody.', status: 'open' }];
const entries = [
  [14, 3, 'm1', 'evidence.open', 'report:r1', { evidence: 'e3', kind: 'picture' }], [13, 8, 'm1', 'sign-in', 'moderator:m1', { by: 'passkey', stage: 'full' }],
  [12, 60 * 20, 'm2', 'report.decide', 'user:u_7F6G5H4J3K2L', { kind: 'ban', reason: 'threat', days: 7, device: true, range: 'narrow' }], [11, 60 * 21, 'system', 'sign-in.refuse', 'moderator:m2', { step: 'code' }],
].map(([seq, minutes, actor, action, target, detail]) => ({ seq, at: ago(minutes), actor, action, target, detail, hash: 'x' }));
const moderators = [
  { id: 'm1', name: 'ada', role: 'admin', disabled: false, created: ago(60 * 24 * 90), complete: true, ways: { password: true, totp: true, passkeys: [{ id: 'k', label: 'MacIntel', added: ago(9) }], oidc: false } },
  { id: 'm2', name: 'grace@example.org', role: 'moderator', disabled: false, created: ago(60 * 24 * 30), complete: true, ways: { password: false, totp: false, passkeys: [], oidc: true } },
  { id: 'm3', name: 'linus', role: 'viewer', disabled: true, created: ago(60 * 24 * 3), complete: false, ways: { password: false, one_time: ahead(4), totp: false, passkeys: [], oidc: false } },
];
const picture = Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="320" height="240"><rect width="320" height="240" fill="#345"/><circle cx="160" cy="100" r="50" fill="#da8"/><rect x="90" y="150" width="140" height="90" fill="#a43"/></svg>');

const answers = {
  '/session': me, '/figures': figures, '/colleagues': names, '/queue': { cases, more: false }, [`/people/${eve}`]: person, [`/people/${eve}/claim`]: { by: 'm1', until: ahead(1) },
  '/reports/r1/evidence/e3': picture, '/bans': { bans }, '/appeals': { appeals }, '/audit': { entries }, '/audit/verify': { ok: true, seq: 14, hash: 'zqV1…' }, '/moderators': { moderators },
  '/account': { me, ways: moderators[0].ways, complete: true, began: ago(8), via: 'passkey' },
};
const full = (changes = {}) => (path) => ({ ...answers, ...changes })[path] ?? null;
const nothing = { '/queue': { cases: [], more: false }, '/bans': { bans: [] }, '/appeals': { appeals: [] }, '/figures': { ...figures, online: 0, waiting_video: 0, waiting_text: 0, matched: 0, matches_per_minute: 0, reports_hour: 0, reports_open: 0, appeals_open: 0, bans_active: 0 } };

export const scenes = {
  'sign-in': { api: full({ '/session': { signed_in: false, oidc: true } }), ready: '[data-testid=name]' },
  setup: { api: full({ '/session': { ...me, stage: 'setup' }, '/account': { me, ways: { password: false, totp: false, passkeys: [], oidc: false, one_time: ahead(7) }, complete: false, began: ago(0), via: 'password' } }), ready: '[data-testid=new-password]' },
  queue: { api: full(), ready: '[data-testid=case]' },
  case: { api: full(), hash: `queue/${eve}`, ready: '[data-testid=report]', run: async (page) => { await page.click('[data-testid=open-picture]'); await page.waitForSelector('.picture-frame img'); } },
  'viewer-case': { api: full({ '/session': { ...me, role: 'viewer' } }), hash: `queue/${eve}`, ready: '[data-testid=report]' },
  decided: {
    api: full({ [`/people/${eve}/decide`]: { undo: 't' }, '/queue': { cases: cases.slice(1, 2), more: false } }), hash: `queue/${eve}`, ready: '[data-testid=report]',
    run: async (page) => { await page.keyboard.press('n'); await page.keyboard.press('7'); await page.waitForSelector('[data-testid=undo]'); },
  },
  code: {
    api: full({ '/session': { signed_in: false, oidc: false }, '/sign-in/password': { next: 'code', ticket: 't' } }), ready: '[data-testid=name]',
    run: async (page) => { await page.type('[data-testid=name]', 'ada'); await page.type('[data-testid=password]', 'x'); await page.click('[data-testid=sign-in]'); await page.waitForSelector('[data-testid=code]'); },
  },
  'new-code': {
    api: full({ '/account/code': { secret: 'JBSWY3DPEHPK3PXP', url: '', qr: 'data:image/svg+xml,<svg xmlns="http://www.w3.org/2000/svg"/>', ticket: 't' } }), hash: 'account', ready: '[data-testid=add-code]',
    run: async (page) => { await page.click('[data-testid=add-code]'); await page.waitForSelector('[data-testid=new-code]'); },
  },
  away: { api: (path) => (path === '/session' ? me : null), hash: 'appeals', ready: '.problem:not(:empty)' },
  'empty-queue': { api: full(nothing), ready: '.empty' },
  bans: { api: full(), hash: 'bans', ready: '[data-testid=ban]' },
  'empty-bans': { api: full(nothing), hash: 'bans', ready: '.empty' },
  appeals: { api: full(), hash: 'appeals', ready: '[data-testid=appeal]' },
  audit: { api: full(), hash: 'audit', ready: '[data-testid=audit]', run: (page) => page.click('[data-testid=verify]') },
  members: { api: full(), hash: 'members', ready: '[data-testid=members]' },
  account: { api: full(), hash: 'account', ready: '[data-testid=add-passkey]' },
};

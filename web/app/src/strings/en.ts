/** Every word that the page shows, in English. A translation is a file of the same shape. */

const number = (n: number) => new Intl.NumberFormat('en').format(n);
const list = (items: readonly string[], type: 'conjunction' | 'disjunction' = 'conjunction') =>
  new Intl.ListFormat('en', { type }).format(items);
const people = (n: number) => (n === 1 ? '1 person' : `${number(n)} people`);
const seconds = (n: number) => (n === 1 ? '1 second' : `${number(n)} seconds`);

/** "about 20 seconds": as exact as an estimate may sound. */
function about(ms: number): string {
  const s = ms / 1000;
  if (s < 5) return 'a few seconds';
  if (s < 60) return `about ${seconds(Math.ceil(s / 5) * 5)}`;
  const minutes = Math.ceil(s / 60);
  return minutes === 1 ? 'about a minute' : `about ${number(minutes)} minutes`;
}

export const en = {
  name: 'Passerby',

  status: {
    idle: 'Ready',
    camera: 'Waiting for your camera',
    connecting: 'Connecting',
    waiting: 'Looking for someone',
    matched: 'With a stranger',
    reconnecting: 'Reconnecting',
    ended: 'Chat ended',
    error: 'Stopped',
  },

  title: {
    idle: 'Passerby: meet a stranger',
    waiting: 'Searching… · Passerby',
    matched: 'Stranger found · Passerby',
    unread: (n: number) => `(${number(n)}) New message · Passerby`,
    ended: 'Chat ended · Passerby',
    error: 'Stopped · Passerby',
  },

  landing: {
    headline: 'Meet someone passing by.',
    pitch: 'One press puts you face to face with a stranger. The next press, with another.',
    mode: 'How do you want to talk?',
    video: 'Video',
    videoHint: 'Camera, sound and text',
    text: 'Text',
    textHint: 'No camera, no microphone',
    videoMissing: 'Not possible in this browser',
    tags: 'Interests',
    tagsHint: 'Optional. People who share one come first.',
    tagsPlaceholder: 'music, chess, Lisbon …',
    tagsMore: 'Add another',
    tagsFull: 'Eight are enough.',
    removeTag: (tag: string) => `Remove ${tag}`,
    language: 'Language',
    anyLanguage: 'Any language',
    yours: 'Your browser speaks',
    others: 'All languages',
    about: 'Who meets whom',
    aboutHint: 'Optional. Only people who fit both ways are matched, so each wish makes the wait longer.',
    gender: 'I am',
    genders: { '': 'Not said', f: 'a woman', m: 'a man', x: 'another gender' },
    seeking: 'I want to meet',
    seekings: { f: 'Women', m: 'Men', x: 'Other genders' },
    seekingHint: 'None ticked: everyone.',
    age: 'I am 18 or older, and I will keep to the rules.',
    ageMissing: 'Passerby is for adults only. Tick the box if you are 18 or older; if you are not, please leave this page.',
    start: 'Start',
    check: 'Check camera and microphone',
    rules: 'The rules',
    ruleList: [
      'Adults only. Nobody under 18, ever.',
      'No nudity, no threats, no hate, no advertising.',
      'Do not record people without asking them.',
      'Keep your name, address and accounts to yourself.',
      'Leave with one press. Report what breaks the rules.',
    ],
    privacy: 'What stays private',
    privacyList: [
      'Picture, sound and text are encrypted between the two browsers. The server cannot open them.',
      'The stranger never learns your network address.',
      'No account, no names. The server knows which connections met, when and for how long.',
      'You do trust this site to serve an honest page.',
      'Nothing can stop the other person from recording.',
    ],
    online: (n: number) => `${people(n)} here now`,
    waitingNow: (n: number) => `${number(n)} waiting`,
    talking: (n: number) => `${number(n)} talking`,
  },

  devices: {
    title: 'Camera and microphone',
    preview: 'Your camera',
    level: 'Microphone level',
    levelHint: 'Say something: the bar should move.',
    camera: 'Camera',
    microphone: 'Microphone',
    volume: 'Volume of the stranger',
    opening: 'Your browser asks whether this page may use camera and microphone. Choose Allow.',
    none: 'None found',
    close: 'Done',
    nothingYet: 'Nobody sees this. It becomes visible to a stranger only after Start.',
  },

  connecting: {
    camera: 'Allow camera and microphone',
    cameraHint: 'Your browser is asking. Nobody sees you before you are matched.',
    server: 'Connecting',
    serverHint: 'Setting up the encrypted connection. This happens only once.',
  },

  waiting: {
    title: 'Looking for someone',
    afterLeft: 'The stranger left. Looking for someone else',
    estimate: (ms: number) => `Usually ${about(ms)}.`,
    position: (n: number) => (n <= 1 ? 'You are next in line.' : `You are number ${number(n)} in line.`),
    aloneVideo: 'Nobody else is waiting for video right now. Stay, and the next one who comes is yours.',
    aloneText: 'Nobody else is waiting for text right now. Stay, and the next one who comes is yours.',
    others: (n: number) => `${people(n)} waiting with you.`,
    talking: (n: number) => `${people(n)} in conversations.`,
    tagsFirst: 'First, someone who likes',
    anyoneIn: (s: number) => `Then anyone, in ${seconds(s)}.`,
    anyoneNow: 'Nobody with these interests yet, so now anyone.',
    language: (name: string) => `Only people who speak ${name}.`,
    languageWidened: (name: string) => `${name} first, other languages if nobody comes.`,
    seeking: (who: string[]) => `Only ${list(who, 'disjunction')}.`,
    widen: 'Widen the search',
    textOnly: 'Text only instead',
    autoNext: 'Search again by itself when someone leaves',
  },

  chat: {
    stage: 'Video',
    remote: 'The stranger',
    self: 'You',
    moveSelf: 'Move your picture to another corner',
    talk: 'Messages',
    log: 'Conversation',
    shared: 'You both like',
    greeting: (tags: readonly string[]) =>
      tags.length ? `You met a stranger. You both like ${list(tags)}.` : 'You met a stranger. Say hello.',
    farewell: {
      next: 'The stranger went on.',
      left: 'The stranger left.',
      lost: 'The stranger’s connection was lost.',
      blocked: 'This conversation was ended by a block.',
      moderated: 'A moderator ended this conversation.',
      drain: 'The server is restarting, so this conversation ended.',
    },
    write: 'Write a message',
    writeLater: 'You can write when someone is here',
    send: 'Send',
    typing: 'The stranger is writing',
    me: 'You',
    stranger: 'Stranger',
    sending: 'Sending',
    delivered: 'Delivered',
    failed: 'Not delivered.',
    retry: 'Try again',
    partnerMuted: 'Muted',
    partnerMutedHint: 'The stranger’s microphone is off',
    partnerCameraOff: 'The stranger’s camera is off',
    firstFrame: 'Here is someone',
    soundOn: 'Turn sound on',
    cameraOff: 'Your camera is off',
  },

  controls: {
    label: 'Controls',
    next: 'Next',
    nextHint: 'Next stranger (Esc)',
    stop: 'Stop',
    mute: 'Mute microphone',
    unmute: 'Unmute microphone',
    cameraOn: 'Turn camera on',
    cameraOff: 'Turn camera off',
    devices: 'Devices',
    report: 'Report',
    block: 'Block',
    reportLast: 'Report the last stranger',
    blockLast: 'Block the last stranger',
    close: 'Close',
    cancel: 'Cancel',
  },

  reconnecting: {
    self: 'Your connection dropped',
    selfHint: 'Reconnecting. Your conversation is kept for 30 seconds, and no message is lost.',
    partner: 'The stranger’s connection dropped',
    partnerHint: 'They have 30 seconds to come back. You can wait, or go on with Next.',
    resuming: 'Back to your conversation',
    resumingHint: 'The page was loaded again; looking whether the stranger is still there.',
  },

  ended: {
    hint: 'Go on whenever you like.',
    moderatedHint: 'Someone broke the rules here. If it was not you, go on.',
    drainHint: 'Press Next in a moment.',
  },

  verify: {
    pending: 'Encrypted',
    ready: 'Encrypted. Compare these to verify',
    confirmed: 'Verified',
    failed: 'Not safe',
    title: 'Is someone in between?',
    how: 'Read these four aloud to each other. If both of you see the same, nobody sits between you, not even our server.',
    limits: 'They prove the connection, not the person: neither age nor name nor honesty. A stranger can still record you.',
    wait: 'Picture, sound and text are already encrypted between your two browsers. The four signs to compare come in a moment.',
    same: 'They match',
    differ: 'They differ',
    confirmedText: 'You compared them, and they match.',
    failedTitle: 'This conversation is not private',
    failedText: 'The keys of you and the stranger do not fit together. Someone may sit in between, and may see and hear you.',
    leave: 'Leave now',
    stay: 'Stay anyway',
  },

  report: {
    title: 'Report this stranger',
    titleLast: 'Report the last stranger',
    reason: 'What is wrong?',
    reasons: {
      minor: 'Looks under 18',
      nudity: 'Nudity or sexual acts',
      threat: 'Threats or violence',
      hate: 'Hate or harassment',
      spam: 'Advertising, fraud or a bot',
      other: 'Something else',
    },
    note: 'Anything to add? (optional)',
    what: (n: number) =>
      n === 0
        ? 'This sends the reason and your note. Picture and sound are never sent.'
        : `This sends the reason, your note and the stranger’s ${n === 1 ? 'message' : `last ${number(n)} messages`}, which the server could not read until now. Picture and sound are never sent.`,
    also: 'Also block, and never meet again',
    send: 'Send report',
    choose: 'Choose what is wrong first.',
    sent: 'Thank you. Your report was sent.',
    failed: 'The report could not be sent. Try again.',
    gone: 'Someone new is here already, so this report can no longer be sent.',
  },

  block: {
    done: 'Blocked. You two will not meet again.',
    failed: 'The block did not reach the server. Try again.',
  },

  trouble: {
    again: 'Try again',
    textOnly: 'Use text only',
    soundOnly: 'Go on with sound only',
    back: 'Back to the start',
    useHere: 'Use here',
    reload: 'Reload the page',
    leave: 'Dismiss',
    againIn: (s: number) => `Try again in ${s} s`,
    code: (code: string) => `Code: ${code}`,
    steps: {
      chromium: 'Click the icon left of the address, allow Camera and Microphone, then try again.',
      firefox: 'Click the crossed-out camera beside the address, remove the block, then try again.',
      safari: 'Choose Safari, Settings for This Website, allow Camera and Microphone, then try again.',
      ios: 'Tap the icon left of the address, Website Settings, allow Camera and Microphone, then try again.',
    },
    /** A title, and a sentence that says what to do. Codes of the SDK and the page's own. */
    texts: {
      permission_denied: ['Camera and microphone are blocked', 'This page may not use them, so the stranger could neither see nor hear you.'],
      no_device: ['No camera found', 'Plug in a camera and a microphone and try again, or chat by text.'],
      device_busy: ['Your camera is busy', 'Another program or tab uses your camera or microphone. Close it and try again, or chat by text.'],
      constraint: ['Your camera does not fit', 'It does not offer what is needed. Choose another camera, or chat by text.'],
      insecure: ['This address is not secure', 'Browsers allow camera and microphone only on https. Open this site with https:// in front.'],
      insecure_page: ['This address is not secure', 'Encryption works only on https or localhost. Open this site with https:// in front.'],
      unsupported: ['This browser cannot encrypt video', 'Without it the server could watch, so we do not do it. Chat by text, or use a current Chrome, Edge, Firefox or Safari.'],
      worker_failed: ['Encryption could not start', 'The part that encrypts video did not load. Reload the page, or chat by text.'],
      crypto_failed: ['Encryption could not be set up', 'Nothing was sent unencrypted. Try again with someone else.'],
      key_mismatch: ['This conversation was not safe', 'The keys did not fit together, so it was ended before anything was shown.'],
      media_failed: ['Video could not be connected', 'Your network may block it. Try again, or chat by text, which works nearly everywhere.'],
      sdp_invalid: ['Video could not be connected', 'Your browser and the server did not agree. Try again, or chat by text.'],
      server_full: ['Everything is full right now', 'More people are here than this server can hold. Try again shortly.'],
      draining: ['The server is restarting', 'It will be back in a moment. Try again then.'],
      rate_limited: ['That was a bit fast', 'Wait a moment, then go on.'],
      flooding: ['Too much at once', 'The server closed the connection because too many messages came. Wait a moment, then start again.'],
      offline: ['You are offline', 'Check your internet connection, then try again.'],
      unreachable: ['The server cannot be reached', 'Check your internet connection, then try again. Perhaps the server is restarting.'],
      replaced: ['Open in another tab', 'You went on in another tab. You can go on there, or take the conversation over here.'],
      token_invalid: ['Your session is over', 'Start again for a new one. Your wishes are kept.'],
      token_expired: ['Your session is over', 'Start again for a new one. Your wishes are kept.'],
      hello_required: ['The connection took too long', 'Try again.'],
      slow_consumer: ['Your connection could not keep up', 'Try again, or chat by text, which needs far less.'],
      adult_required: ['Adults only', 'Confirm on the start page that you are 18 or older.'],
      origin_forbidden: ['This page may not use this server', 'Open the site at its own address.'],
      bad_request: ['The page is out of date', 'Reload it to get the newest version.'],
      unknown_type: ['The page is newer than the server', 'Reload it in a moment.'],
      too_large: ['That was too long', 'Shorten it and send it again.'],
      no_match: ['The stranger has already gone', 'Go on with Next.'],
      wrong_state: ['That is not possible right now', 'Start again.'],
      camera_lost: ['Your camera was disconnected', 'Choose another one under Devices.'],
      microphone_lost: ['Your microphone was disconnected', 'Choose another one under Devices.'],
      internal: ['Something went wrong on the server', 'Try again.'],
      unknown: ['Something went wrong', 'Try again, or reload the page.'],
    } as Record<string, readonly [string, string]>,
  },

  offline: 'You are offline. The page goes on by itself when the connection is back.',
};

export type Strings = typeof en;

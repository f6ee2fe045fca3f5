/** Line icons on a 24 grid, drawn in the colour of the text. They carry no meaning alone: the button names itself. */
const paths = {
  mic: 'M12 3a3 3 0 0 0-3 3v5a3 3 0 0 0 6 0V6a3 3 0 0 0-3-3zM5.5 11a6.5 6.5 0 0 0 13 0M12 17.5V21',
  micOff: 'M15 10V6a3 3 0 0 0-5.7-1.3M9 9v2a3 3 0 0 0 4.5 2.6M5.5 11a6.5 6.5 0 0 0 10.6 5M18.5 11c0 .9-.2 1.8-.5 2.5M12 17.5V21M3.5 3.5l17 17',
  camera: 'M4.5 6.5h9a2 2 0 0 1 2 2v7a2 2 0 0 1-2 2h-9a2 2 0 0 1-2-2v-7a2 2 0 0 1 2-2zM15.5 11l6-3.5v9l-6-3.5',
  cameraOff: 'M9.5 6.5h4a2 2 0 0 1 2 2V11l6-3.5v9l-4-2.3M15.5 15.5a2 2 0 0 1-2 2h-9a2 2 0 0 1-2-2v-7a2 2 0 0 1 2-2M3.5 3.5l17 17',
  screen: 'M3.5 4.5h17v11.5h-17zM8.5 20h7M12 13.5v-6M9.3 10l2.7-2.7 2.7 2.7',
  screenOff: 'M3.5 4.5h17v11.5h-17zM8.5 20h7M9.5 7.8l5 5M14.5 7.8l-5 5',
  next: 'M5 5.5v13l9-6.5zM18.5 5.5v13',
  stop: 'M6.5 6.5h11v11h-11z',
  flag: 'M5.5 21V4M5.5 4.5h12l-2.5 4 2.5 4h-12',
  block: 'M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM5.7 5.7l12.6 12.6',
  lock: 'M6.5 10.5h11a1.5 1.5 0 0 1 1.5 1.5v7a1.5 1.5 0 0 1-1.5 1.5h-11A1.5 1.5 0 0 1 5 19v-7a1.5 1.5 0 0 1 1.5-1.5zM8 10.5V7.5a4 4 0 0 1 8 0v3',
  shield: 'M12 3l7.5 2.5v6c0 4.5-3 7.8-7.5 9.5-4.5-1.7-7.5-5-7.5-9.5v-6zM8.5 12l2.5 2.5 4.5-5',
  alert: 'M12 4L2.5 20h19zM12 10v4.5M12 17.2v.1',
  send: 'M4 12l16-7.5-5 15.5-4-6zM11 14l9-9.5',
  sliders: 'M4 7h9M17 7h3M4 17h3M11 17h9M15 5v4M9 15v4',
  check: 'M5 12.5l4.5 4.5L19 7.5',
  clock: 'M12 4a8 8 0 1 0 0 16 8 8 0 0 0 0-16zM12 8v4.3l2.8 1.7',
  close: 'M6 6l12 12M18 6L6 18',
  text: 'M4.5 5h15A1.5 1.5 0 0 1 21 6.5v9a1.5 1.5 0 0 1-1.5 1.5H11l-4.5 3.5V17h-2A1.5 1.5 0 0 1 3 15.5v-9A1.5 1.5 0 0 1 4.5 5zM7.5 9.5h9M7.5 12.8h6',
  sound: 'M4 9.5v5h3.5L12 18.5v-13L7.5 9.5zM15.5 9a4.2 4.2 0 0 1 0 6M18 6.5a8 8 0 0 1 0 11',
  grow: 'M4 9V4h5M20 9V4h-5M4 15v5h5M20 15v5h-5',
  shrink: 'M9 4v5H4M15 4v5h5M9 20v-5H4M15 20v-5h5',
  smile: 'M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM8.5 14a4.2 4.2 0 0 0 7 0M9 9.3v.4M15 9.3v.4',
  copy: 'M9 8h9a1.5 1.5 0 0 1 1.5 1.5V19a1.5 1.5 0 0 1-1.5 1.5H9A1.5 1.5 0 0 1 7.5 19V9.5A1.5 1.5 0 0 1 9 8zM4.5 15.5v-10A1.5 1.5 0 0 1 6 4h9',
  spark: 'M12 3.5l1.8 5.2 5.2 1.8-5.2 1.8L12 17.5l-1.8-5.2L5 10.5l5.2-1.8zM18.5 16v4M16.5 18h4',
  globe: 'M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM3 12h18M12 3c2.8 3 3.5 6 3.5 9s-.7 6-3.5 9c-2.8-3-3.5-6-3.5-9s.7-6 3.5-9',
} as const;

/** Those that point along the text, so that they turn round where it runs from right to left. */
const along: ReadonlySet<string> = new Set<keyof typeof paths>(['next', 'send']);

export type IconName = keyof typeof paths;

export function Icon({ name }: { name: IconName }) {
  return (
    <svg class={along.has(name) ? 'icon is-along' : 'icon'} viewBox="0 0 24 24" aria-hidden="true">
      <path d={paths[name]} />
    </svg>
  );
}

/** The mark: two people passing each other. */
export function Mark() {
  return (
    <svg class="mark" viewBox="0 0 32 32" aria-hidden="true">
      <circle class="mark-one" cx="9.5" cy="10.5" r="5.5" />
      <circle class="mark-two" cx="22.5" cy="21.5" r="5.5" />
      <path d="M19 10.5h9M4 21.5h9" />
    </svg>
  );
}

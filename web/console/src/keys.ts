import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';

const place = 'console-keys';
let on = read();
const heard = new Set<(on: boolean) => void>();

function read(): boolean {
  try {
    return localStorage.getItem(place) !== 'off';
  } catch {
    return true;
  }
}

/** Single keys can be switched off (WCAG 2.1.4): whoever speaks to the computer would press them by talking. */
export function useKeysOn(): [boolean, (on: boolean) => void] {
  const [value, setValue] = useState(on);
  useEffect(() => {
    heard.add(setValue);
    return () => { heard.delete(setValue); };
  }, []);
  return [value, (next) => {
    on = next;
    try {
      localStorage.setItem(place, next ? 'on' : 'off');
    } catch { /* a private window: until it closes */ }
    for (const tell of heard) tell(next);
  }];
}

/** Calls what belongs to a key, as of what is on the screen, unless somebody writes (Esc ends that), holds a modifier, or has keys off. */
export function useKeys(map: Record<string, (() => void) | undefined>): void {
  const latest = useRef(map);
  latest.current = map; // not in an effect, which runs after the screen shows it: a key pressed at once would do what it did before
  useLayoutEffect(() => {
    const pressed = (event: KeyboardEvent) => {
      if (!on || event.defaultPrevented || event.isComposing || event.repeat || event.ctrlKey || event.metaKey || event.altKey) return;
      if (event.target instanceof HTMLElement && event.target.closest('input:not([type=checkbox]), textarea, select, dialog')) {
        if (event.key === 'Escape' && !event.target.closest('dialog')) {
          event.preventDefault(); // out of the field, so that keys act again
          event.target.blur();
        }
        return;
      }
      const act = latest.current[event.key.length === 1 ? event.key.toLowerCase() : event.key];
      if (!act) return;
      event.preventDefault();
      act();
    };
    addEventListener('keydown', pressed);
    return () => removeEventListener('keydown', pressed);
  }, []);
}

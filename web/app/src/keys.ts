import { useEffect } from 'preact/hooks';
import type { Controller } from './controller';
import { toggleFullScreen } from './full-screen';
import { modeOf } from './view';

/** Esc is Next; M, V and F are microphone, camera and full screen when no field has the focus. An open dialog takes its own keys. */
export function useKeys(controller: Controller): void {
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
      if (document.querySelector('dialog[open]')) return;
      if (event.key === 'Escape') {
        if (event.repeat) return;
        controller.next();
      } else if (controller.view.settings.shortcuts && !inField(event.target) && !event.repeat && modeOf(controller.view) === 'video' && talking(controller)) {
        if (event.key === 'f' || event.key === 'F') toggleFullScreen();
        if (event.key === 'm' || event.key === 'M') controller.toggle('audio');
        if (event.key === 'v' || event.key === 'V') controller.toggle('video');
      }
    };
    addEventListener('keydown', onKey);
    return () => removeEventListener('keydown', onKey);
  }, [controller]);
}

function talking({ view }: Controller): boolean {
  return view.state !== 'idle' && view.trouble === null;
}

function inField(target: EventTarget | null): boolean {
  return target instanceof Element && target.closest('input, textarea, select, [contenteditable]') !== null;
}

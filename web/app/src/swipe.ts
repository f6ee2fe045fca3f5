import type { RefObject } from 'preact';
import { useEffect, useState } from 'preact/hooks';

/** How far a finger goes before letting go means Next, in CSS pixels. Shorter ways are accidents. */
const far = 110;

/**
 * A finger that drags the picture along the text, out of the page: true while letting go would mean Next. Whoever turns
 * back has changed their mind. The button and Esc do the same without dragging (WCAG 2.5.7).
 */
export function useSwipe(box: RefObject<HTMLElement | null>, next: () => void): boolean {
  const [armed, setArmed] = useState(false);
  useEffect(() => {
    const element = box.current;
    if (!element) return;
    let from: { id: number; x: number; y: number } | null = null;
    let ready = false;
    const arm = (on: boolean) => {
      if (on !== ready) setArmed((ready = on));
    };
    const down = (event: PointerEvent) => {
      const own = event.target instanceof Element && event.target.closest('button, .self, .stage-cover');
      from = event.pointerType === 'touch' && event.isPrimary && !own ? { id: event.pointerId, x: event.clientX, y: event.clientY } : null;
    };
    const move = (event: PointerEvent) => {
      if (from?.id !== event.pointerId) return;
      const along = document.documentElement.dir === 'rtl' ? 1 : -1;
      const x = (event.clientX - from.x) * along;
      arm(x > far && Math.abs(event.clientY - from.y) < x / 2);
    };
    const up = (event: PointerEvent) => {
      if (from?.id === event.pointerId && ready && event.type === 'pointerup') next();
      from = null;
      arm(false);
    };
    const all = [['pointerdown', down], ['pointermove', move], ['pointerup', up], ['pointercancel', up]] as const;
    for (const [type, fn] of all) element.addEventListener(type, fn);
    return () => {
      for (const [type, fn] of all) element.removeEventListener(type, fn);
    };
  }, [box, next]);
  return armed;
}

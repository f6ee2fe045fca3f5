import { useEffect, useState } from 'preact/hooks';

/** Whether this browser lends the whole screen to a page; iPhones lend it to a lone video only. */
export const canFullScreen = () => document.fullscreenEnabled === true;

export function toggleFullScreen(): void {
  if (document.fullscreenElement) void document.exitFullscreen();
  else if (canFullScreen()) void document.documentElement.requestFullscreen({ navigationUI: 'hide' }).catch(() => {});
}

/** Only conversations have a button to come back with. */
export function leaveFullScreen(): void {
  if (document.fullscreenElement) void document.exitFullscreen().catch(() => {});
}

export function useFullScreen(): boolean {
  const [on, setOn] = useState(document.fullscreenElement !== null);
  useEffect(() => {
    const changed = () => setOn(document.fullscreenElement !== null);
    document.addEventListener('fullscreenchange', changed);
    return () => document.removeEventListener('fullscreenchange', changed);
  }, []);
  return on;
}

import { useEffect } from 'preact/hooks';

/**
 * Keeps `--seen` at the height that is really seen. Where an on-screen keyboard covers the page instead of shrinking it
 * (Safari on phones), the field would else lie under the keyboard.
 */
export function useSeenHeight(): void {
  useEffect(() => {
    const viewport = window.visualViewport;
    if (!viewport) return;
    const root = document.documentElement;
    const fit = () => {
      // A page that is zoomed in is meant to be larger than what is seen.
      const covered = viewport.scale < 1.05 && innerHeight - viewport.height > 100;
      if (!covered) return void root.style.removeProperty('--seen');
      root.style.setProperty('--seen', `${viewport.height}px`);
      scrollTo(0, 0);
    };
    viewport.addEventListener('resize', fit);
    return () => viewport.removeEventListener('resize', fit);
  }, []);
}

import { useLayoutEffect, useRef } from 'preact/hooks';

/**
 * What is left when a stranger's picture goes: a few colours that fade, too coarse to know anybody by, so that nothing
 * blinks. The picture itself is hidden at the same moment.
 */
export function Glow({ picture, shown }: { picture: HTMLVideoElement; shown: boolean }) {
  const ref = useRef<HTMLCanvasElement>(null);
  useLayoutEffect(() => {
    if (!shown) return;
    return () => {
      if (picture.videoWidth) ref.current?.getContext('2d')?.drawImage(picture, 0, 0, 6, 4);
    };
  }, [shown]);
  return <canvas ref={ref} class="stage-glow" width={6} height={4} data-on={!shown} aria-hidden="true" />;
}

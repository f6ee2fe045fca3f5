import { useEffect, useRef } from 'preact/hooks';
import { watchLevel } from '../level';
import { t } from '../strings';

/** A bar that moves with the voice. Drawn past the framework, 20 times a second. */
export function LevelMeter({ stream, version }: { stream: MediaStream | null; version: number }) {
  const ref = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (!stream) return;
    return watchLevel(stream, (level) => {
      ref.current?.style.setProperty('--level', level.toFixed(2));
      ref.current?.setAttribute('aria-valuenow', String(Math.round(level * 10) * 10));
    });
  }, [stream, version]);
  return (
    <div ref={ref} class="meter" role="meter" aria-label={t.devices.level} aria-valuemin={0} aria-valuemax={100} aria-valuenow={0}>
      <div class="meter-bar" />
    </div>
  );
}

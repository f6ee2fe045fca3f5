import { useEffect, useRef } from 'preact/hooks';
import { t } from '../strings';

/** The user's own picture, mirrored as in a mirror, always silent. */
export function LocalVideo({ stream, version }: { stream: MediaStream | null; version: number }) {
  const ref = useRef<HTMLVideoElement>(null);
  useEffect(() => {
    const video = ref.current!;
    video.muted = true;
    if (video.srcObject !== stream) video.srcObject = stream;
    if (stream) void video.play().catch(() => {});
  }, [stream, version]);
  return <video ref={ref} class="local-video" data-testid="local-video" aria-label={t.devices.preview} muted playsInline autoPlay />;
}

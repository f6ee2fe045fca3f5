import { useEffect, useRef } from 'preact/hooks';
import { useView } from '../hooks';
import { t } from '../strings';

/** The user's own picture, mirrored unless the user wants it plain, always silent. */
export function LocalVideo({ stream, version }: { stream: MediaStream | null; version: number }) {
  const { mirror } = useView().settings;
  const ref = useRef<HTMLVideoElement>(null);
  useEffect(() => {
    const video = ref.current!;
    video.muted = true;
    if (video.srcObject !== stream) video.srcObject = stream;
    if (stream) void video.play().catch(() => {});
  }, [stream, version]);
  return <video ref={ref} class={mirror ? 'local-video is-mirror' : 'local-video'} data-testid="local-video" aria-label={t.devices.preview} muted playsInline autoPlay />;
}

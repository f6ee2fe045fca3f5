import type { Passerby } from '@passerby/client';
import type { Devices } from './devices';
import type { RemoteVideo } from './remote';

/**
 * Tells the stranger while this page is in the background, or the system has lent the camera to something else (a phone
 * call), and plays on when it is back: some phones stop every video of a hidden page.
 */
export function watchPause(client: Passerby, devices: Devices, remote: RemoteVideo): void {
  const tell = () => client.setPaused(document.hidden || devices.lent);
  devices.onlent = tell;
  document.addEventListener('visibilitychange', () => {
    tell();
    if (!document.hidden && client.match?.mode === 'video') remote.play();
  });
  tell();
}

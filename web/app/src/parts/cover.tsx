import { useController, useView } from '../hooks';
import { t } from '../strings';
import type { View } from '../view';
import { AutoNext } from './auto-next';
import { Icon, type IconName } from './icon';
import { Passing } from './passing';
import { WaitingCard } from './waiting-card';

/** What is shown when there is no picture of a stranger to show, or not now. */
export type CoverKind = 'connecting' | 'waiting' | 'resuming' | 'reconnecting' | 'ended' | 'partner-away' | 'camera-off' | 'first-frame' | null;

export function coverOf(view: View): CoverKind {
  if (view.resuming) return 'resuming';
  if (view.state === 'connecting') return 'connecting';
  if (view.state === 'reconnecting') return 'reconnecting';
  if (view.state === 'waiting') return 'waiting';
  if (view.state === 'ended') return 'ended';
  if (!view.match) return null;
  if (view.partner.state === 'reconnecting') return 'partner-away';
  if (view.match.mode === 'text') return null;
  if (!view.partner.video) return 'camera-off';
  return view.shown ? null : 'first-frame';
}

export function Cover({ kind }: { kind: CoverKind }) {
  const view = useView();
  const kept = Math.round(useController().limits.resumeMs / 1000);
  switch (kind) {
    case 'connecting':
      return <Connecting view={view} />;
    case 'waiting':
      return <WaitingCard />;
    case 'resuming':
      return <Note title={t.reconnecting.resuming} hint={t.reconnecting.resumingHint} moving />;
    case 'reconnecting':
      return <Note title={t.reconnecting.self} hint={view.match ? t.reconnecting.selfHint(kept) : t.reconnecting.selfWaitingHint(kept)} moving />;
    case 'partner-away':
      return <Note title={t.reconnecting.partner} hint={t.reconnecting.partnerHint(kept)} moving />;
    case 'camera-off':
      return <Note title={t.chat.partnerCameraOff} icon="cameraOff" />;
    case 'first-frame':
      return <Note title={t.chat.firstFrame} />;
    case 'ended':
      return <Ended view={view} />;
    case null:
      return null;
  }
}

function Note({ title, hint, icon, moving }: { title: string; hint?: string; icon?: IconName; moving?: boolean }) {
  return (
    <div class="card">
      {moving && <Passing />}
      {icon && <span class="card-icon"><Icon name={icon} /></span>}
      <h2 class="card-title">{title}</h2>
      {hint && <p class="card-facts">{hint}</p>}
    </div>
  );
}

function Connecting({ view }: { view: View }) {
  const controller = useController();
  const camera = view.step === 'camera';
  return (
    <div class="card">
      {camera ? <span class="card-icon"><Icon name="camera" /></span> : <Passing />}
      <h2 class="card-title">{camera ? t.connecting.camera : t.connecting.server}</h2>
      <p class="card-facts">{camera ? t.connecting.cameraHint : t.connecting.serverHint}</p>
      {camera && (
        <div class="card-actions">
          <button type="button" class="button" onClick={() => controller.textOnly()}>{t.waiting.textOnly}</button>
        </div>
      )}
    </div>
  );
}

function Ended({ view }: { view: View }) {
  const reason = view.ended ?? 'left';
  const unsafe = reason === 'key_mismatch' || reason === 'crypto_failed';
  const [title, hint] = unsafe
    ? t.trouble.texts[reason]!
    : [t.chat.farewell[reason], reason === 'moderated' ? t.ended.moderatedHint : reason === 'drain' ? t.ended.drainHint : t.ended.hint];
  return (
    <div class="card">
      {unsafe && <span class="card-icon is-danger"><Icon name="alert" /></span>}
      <h2 class="card-title">{title}</h2>
      <p class="card-facts">{hint}</p>
      <AutoNext />
    </div>
  );
}

import { useState } from 'preact/hooks';
import { useController, useNow, useView } from '../hooks';
import { t } from '../strings';
import type { View } from '../view';
import { AutoNext } from './auto-next';
import { Icon, type IconName } from './icon';
import { ModeSwitch } from './mode-switch';
import { Passing } from './passing';
import { WaitingCard } from './waiting-card';

/** What is shown when there is no picture of a stranger to show, or not now. */
export type CoverKind = 'connecting' | 'waiting' | 'resuming' | 'reconnecting' | 'restarting' | 'ended' | 'partner-away' | 'camera-off' | 'first-frame' | null;

export function coverOf(view: View): CoverKind {
  if (view.resuming) return 'resuming';
  if (view.ended === 'drain') return 'restarting';
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
  switch (kind) {
    case 'connecting':
      return <Connecting view={view} />;
    case 'waiting':
      return <WaitingCard />;
    case 'resuming':
      return view.resuming === 'tab' ? (
        <Note title={t.reconnecting.moving} hint={t.reconnecting.movingHint} moving />
      ) : (
        <Note title={t.reconnecting.resuming} hint={t.reconnecting.resumingHint} moving />
      );
    case 'reconnecting':
      return view.match || view.inLine ? (
        <Away
          key={kind}
          title={t.reconnecting.self}
          hint={view.match ? t.reconnecting.selfHint : t.reconnecting.selfWaitingHint}
          late={t.reconnecting.selfLate}
        />
      ) : (
        <Note title={t.reconnecting.self} hint={t.reconnecting.selfLate} moving />
      );
    case 'restarting':
      return <Note title={t.reconnecting.server} hint={t.reconnecting.serverHint} moving />;
    case 'partner-away':
      return <Away key={kind} title={t.reconnecting.partner} hint={t.reconnecting.partnerHint} late={t.reconnecting.partnerLate} />;
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

/** Someone's connection has dropped just now: counts down how long their place is kept. */
function Away({ title, hint, late }: { title: string; hint: (seconds: number) => string; late: string }) {
  const { resumeMs } = useController().limits;
  const [since] = useState(Date.now);
  const left = Math.ceil((since + resumeMs - useNow()) / 1000);
  return <Note title={title} hint={left > 0 ? hint(left) : late} moving />;
}

function Connecting({ view }: { view: View }) {
  const controller = useController();
  if (view.proving !== null) return <Proving share={view.proving} />;
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

/** The server is under attack, and the browser shows by a little work that a person sits behind it. */
function Proving({ share }: { share: number }) {
  return (
    <div class="card" data-testid="proving">
      <Passing />
      <h2 class="card-title">{t.connecting.proving}</h2>
      <p class="card-facts">{t.connecting.provingHint}</p>
      <progress class="card-progress" aria-label={t.connecting.proving} value={share} max={1} />
    </div>
  );
}

function Ended({ view }: { view: View }) {
  const reason = view.ended ?? 'left';
  const unsafe = reason === 'key_mismatch' || reason === 'crypto_failed';
  const [title, hint] = unsafe
    ? t.trouble.texts[reason]!
    : [t.chat.farewell[reason], reason === 'moderated' ? t.ended.moderatedHint : t.ended.hint];
  return (
    <div class="card">
      {unsafe && <span class="card-icon is-danger"><Icon name="alert" /></span>}
      <h2 class="card-title">{title}</h2>
      <p class="card-facts">{hint}</p>
      <div class="card-actions"><ModeSwitch /></div>
      <AutoNext />
    </div>
  );
}

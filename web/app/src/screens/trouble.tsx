import { useEffect, useRef, useState } from 'preact/hooks';
import { support } from '@passerby/client';
import { microphoneOnly } from '../camera';
import { framed, hostsSession } from '../host';
import { useController, useNow, useView } from '../hooks';
import { BanCard } from '../parts/ban-card';
import { browser, notLent, troubleTexts } from '../parts/trouble-text';
import { Icon } from '../parts/icon';
import { t } from '../strings';
import { modeOf, type Trouble } from '../view';

/** Codes where a moment later the same can work, or where the user can mend it. */
const reloads = new Set(['bad_request', 'unknown_type', 'worker_failed', 'unknown']);
const finals = new Set(['banned', 'age_required', 'insecure', 'insecure_page', 'too_old', 'unsupported', 'adult_required', 'origin_forbidden']);

/** Codes that hold for text as for video. */
const refusals = new Set(['banned', 'age_required', 'adult_required']);

/** Something stopped the conversation: one sentence, and every way out there is. */
export function TroubleScreen({ trouble }: { trouble: Trouble }) {
  const controller = useController();
  const view = useView();
  const title = useRef<HTMLHeadingElement>(null);
  const now = useNow(trouble.retryAt !== undefined);
  const wait = trouble.retryAt ? Math.max(0, Math.ceil((trouble.retryAt - now) / 1000)) : 0;
  const [soundOnly, setSoundOnly] = useState(false);
  // Where nothing is kept, the device that comes back from the proof is another one.
  const [kept, setKept] = useState(true);
  useEffect(() => {
    if (trouble.code === 'age_required') void controller.deviceKept().then(setKept);
  }, [trouble.code]);
  useEffect(() => title.current?.focus(), [trouble.code]);
  useEffect(() => {
    if (trouble.code === 'no_device') void microphoneOnly().then(setSoundOnly);
  }, [trouble.code]);
  // What failed only for want of a network goes on when the network is back.
  const offline = trouble.code === 'offline' && !view.online;
  const wasOffline = useRef(false);
  useEffect(() => {
    if (offline) wasOffline.current = true;
    else if (wasOffline.current) controller.again();
  }, [offline]);

  const [heading, text] = troubleTexts(trouble);
  const canText = modeOf(view) === 'video' && support().text && trouble.code !== 'replaced' && !refusals.has(trouble.code);
  const dead = trouble.code === 'insecure_page' || trouble.code === 'too_old';
  return (
    <main class="trouble" data-code={trouble.code}>
      <div class="trouble-card">
        <span class="trouble-icon"><Icon name="alert" /></span>
        <h1 ref={title} tabIndex={-1}>{heading}</h1>
        <p>{text}</p>
        {trouble.code === 'permission_denied' && !notLent(trouble.code) && <p>{t.trouble.steps[browser()]}</p>}
        {trouble.code === 'age_required' && !kept && <p>{t.safety.notKept}</p>}
        {trouble.code === 'banned' && <BanCard told={trouble.ban} />}
        <div class="trouble-actions">
          {trouble.code === 'age_required' && trouble.ageUrl && (
            <button type="button" class="button is-primary" data-testid="prove-age" onClick={() => void controller.proveAge(trouble.ageUrl!)}>
              {t.trouble.proveAge}
            </button>
          )}
          {trouble.code === 'replaced' && (
            <button type="button" class="button is-primary" data-testid="use-here" onClick={() => void controller.useHere()}>
              {t.trouble.useHere}
            </button>
          )}
          {trouble.code !== 'replaced' && !finals.has(trouble.code) && !notLent(trouble.code) && (
            <button type="button" class="button is-primary" disabled={wait > 0} onClick={() => controller.again()}>
              {wait > 0 ? t.trouble.againIn(wait) : t.trouble.again}
            </button>
          )}
          {soundOnly && (
            <button type="button" class="button" onClick={() => controller.soundOnly()}>{t.trouble.soundOnly}</button>
          )}
          {canText && (
            <button type="button" class="button" data-testid="text-only" disabled={wait > 0} onClick={() => controller.textOnly()}>
              {t.trouble.textOnly}
            </button>
          )}
          {trouble.code === 'permission_denied' && framed && !hostsSession && (
            <a class="button" data-testid="open-tab" href="/" target="_blank" rel="noopener">{t.trouble.openTab}</a>
          )}
          {reloads.has(trouble.code) && (
            <button type="button" class="button" onClick={() => location.reload()}>{t.trouble.reload}</button>
          )}
          {!dead && <button type="button" class="button" onClick={() => controller.stop()}>{t.trouble.back}</button>}
        </div>
        <p class="hint">{t.trouble.code(notLent(trouble.code) ? 'frame_denied' : trouble.code)}</p>
      </div>
    </main>
  );
}

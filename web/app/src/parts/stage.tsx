import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import { useController, useView } from '../hooks';
import { t } from '../strings';
import { useSwipe } from '../swipe';
import { blurred, meantBy, veiled, type Meant } from '../view';
import { Captions } from './captions';
import { Cover, coverOf } from './cover';
import { Glow } from './glow';
import { Icon, type IconName } from './icon';
import { MatchBar } from './match-bar';
import { Nudity } from './nudity';
import { ReportDialog } from './report-dialog';
import { Reveal } from './reveal';
import { SelfView } from './self-view';

/** The big picture: the stranger, or what there is to say instead; the own picture in a corner. */
export function Stage() {
  const controller = useController();
  const view = useView();
  const cover = coverOf(view);
  const slot = useRef<HTMLDivElement>(null);
  const box = useRef<HTMLElement>(null);
  const [reporting, setReporting] = useState<Meant | null>(null);
  const next = useCallback(() => controller.next(), [controller]);
  const letGo = useSwipe(box, next) && view.match !== null;
  useEffect(() => {
    const { element } = controller.remote;
    element.setAttribute('aria-label', t.chat.remote);
    slot.current!.append(element);
    if (view.match) controller.remote.play();
    return () => element.remove();
  }, [controller]);
  // A frozen picture stays, blurred, while somebody reconnects; else only a picture of this match is ever seen.
  const away = cover === 'reconnecting' || cover === 'partner-away';
  const here = view.match !== null && view.partner.state === 'online';
  const picture = !view.shown || !view.match ? 'hidden' : away ? 'frozen' : view.partner.video ? 'shown' : 'hidden';
  return (
    <section ref={box} class="stage" aria-label={t.chat.stage} data-picture={picture} data-screen={view.partner.screen} data-blurred={blurred(view) || veiled(view)} data-glance={view.glance} data-cover={cover ?? 'none'}>
      <Glow picture={controller.remote.element} shown={picture === 'shown'} />
      <div class="stage-picture" ref={slot} />
      {cover && <div class="stage-cover"><Cover kind={cover} /></div>}
      {!cover && (blurred(view) ? <Reveal /> : view.glance === 'nude' && <Nudity onReport={() => setReporting(meantBy(view))} />)}
      {reporting && <ReportDialog about={reporting} because="nudity" onClose={() => setReporting(null)} />}
      <div class="stage-top">
        <MatchBar />
        <div class="stage-notes">
          {here && view.partner.paused && <Remark icon="clock" text={t.chat.partnerPaused} hint={t.chat.partnerPausedHint} />}
          {here && !view.partner.audio && <Remark icon="micOff" text={t.chat.partnerMuted} hint={t.chat.partnerMutedHint} />}
          {here && view.partner.screen && (
            <p class="stage-note" data-testid="partner-screen" role="status"><Icon name="screen" />{t.chat.partnerScreen}</p>
          )}
          {view.sharing && <p class="stage-note is-own" role="status"><Icon name="screen" />{t.chat.ownScreen}</p>}
        </div>
      </div>
      {view.silenced && view.match && (
        <button type="button" class="button is-primary stage-sound" onClick={() => controller.remote.listen()}>
          <Icon name="sound" />
          {t.chat.soundOn}
        </button>
      )}
      {letGo && <p class="stage-swipe">{t.controls.letGo}</p>}
      <Captions />
      <SelfView />
    </section>
  );
}

/** What there is to know of the stranger, in two words; the sentence is for those who point at it or hear it. */
function Remark({ icon, text, hint }: { icon: IconName; text: string; hint: string }) {
  return (
    <p class="stage-note" title={hint}>
      <Icon name={icon} />
      {text}
      <span class="unseen">{hint}</span>
    </p>
  );
}

import { useCallback, useEffect, useRef } from 'preact/hooks';
import { useController, useView } from '../hooks';
import { t } from '../strings';
import { useSwipe } from '../swipe';
import { blurred } from '../view';
import { Cover, coverOf } from './cover';
import { Glow } from './glow';
import { Icon } from './icon';
import { MatchBar } from './match-bar';
import { Reveal } from './reveal';
import { SelfView } from './self-view';

/** The big picture: the stranger, or what there is to say instead; the own picture in a corner. */
export function Stage() {
  const controller = useController();
  const view = useView();
  const cover = coverOf(view);
  const slot = useRef<HTMLDivElement>(null);
  const box = useRef<HTMLElement>(null);
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
  const picture = !view.shown || !view.match ? 'hidden' : away ? 'frozen' : view.partner.video ? 'shown' : 'hidden';
  return (
    <section ref={box} class="stage" aria-label={t.chat.stage} data-picture={picture} data-blurred={blurred(view)} data-cover={cover ?? 'none'}>
      <Glow picture={controller.remote.element} shown={picture === 'shown'} />
      <div class="stage-picture" ref={slot} />
      {cover && <div class="stage-cover"><Cover kind={cover} /></div>}
      {!cover && blurred(view) && <Reveal />}
      <MatchBar />
      {view.match && !view.partner.audio && (
        <p class="stage-note" title={t.chat.partnerMutedHint}>
          <Icon name="micOff" />
          {t.chat.partnerMuted}
          <span class="unseen">{t.chat.partnerMutedHint}</span>
        </p>
      )}
      {view.silenced && view.match && (
        <button type="button" class="button is-primary stage-sound" onClick={() => controller.remote.listen()}>
          <Icon name="sound" />
          {t.chat.soundOn}
        </button>
      )}
      {letGo && <p class="stage-swipe">{t.controls.letGo}</p>}
      <SelfView />
    </section>
  );
}

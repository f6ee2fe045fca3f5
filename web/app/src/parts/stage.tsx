import { useEffect, useRef } from 'preact/hooks';
import { useController, useView } from '../hooks';
import { t } from '../strings';
import { blurred } from '../view';
import { Cover, coverOf } from './cover';
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
    <section class="stage" aria-label={t.chat.stage} data-picture={picture} data-blurred={blurred(view)} data-cover={cover ?? 'none'}>
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
      <SelfView />
    </section>
  );
}

import { useView } from '../hooks';
import { t } from '../strings';
import { modeOf } from '../view';
import { Composer } from './composer';
import { Cover, coverOf } from './cover';
import { Log } from './log';
import { MatchBar } from './match-bar';

/** The text pane: beside the video, or the whole conversation in text mode. */
export function Talk() {
  const view = useView();
  const alone = modeOf(view) === 'text';
  const cover = alone ? coverOf(view) : null;
  return (
    <section class="talk" aria-label={t.chat.talk}>
      {alone && <MatchBar />}
      <Log />
      {cover && <div class="talk-cover" data-cover={cover}><Cover kind={cover} /></div>}
      <p class="typing" role="status" data-on={view.typing}>{view.typing && t.chat.typing}</p>
      <Composer />
    </section>
  );
}

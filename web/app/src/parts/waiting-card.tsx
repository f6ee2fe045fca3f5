import { useController, useNow, useView } from '../hooks';
import { languageName } from '../languages';
import { useStats } from '../stats';
import { t } from '../strings';
import { modeOf, type Ended, type View } from '../view';
import { AutoNext } from './auto-next';
import { ModeSwitch } from './mode-switch';
import { Passing } from './passing';

/** The honest wait: who is looked for, how long it may take, how to change it. */
export function WaitingCard() {
  const controller = useController();
  const view = useView();
  const stats = useStats();
  const wish = view.wish;
  const mode = modeOf(view);
  const { graceMs, rematchMs } = controller.limits;
  const hasTags = !!wish?.tags?.length;
  const now = useNow(hasTags);
  const grace = hasTags ? Math.ceil(((view.waiting?.since ?? now) + graceMs - now) / 1000) : 0;
  const narrow = !view.waiting?.widened && (grace > 0 ? 'tags' : wish?.language ? 'language' : null);
  const others = stats ? Math.max(0, stats.waiting[mode] - 1) : null;
  return (
    <div class="card is-waiting">
      <Passing />
      <h2 class="card-title">{view.ended ? t.waiting.after(farewell(view.ended)) : t.waiting.title}</h2>
      <Search view={view} left={grace} />
      <p class="card-facts is-live">
        {view.waiting?.position ? `${t.waiting.position(view.waiting.position)} ` : ''}
        {view.waiting?.estimateMs ? `${t.waiting.estimate(view.waiting.estimateMs)} ` : ''}
        {others === 0 && (mode === 'video' ? t.waiting.aloneVideo : t.waiting.aloneText)}
        {!!others && `${t.waiting.others(others)} `}
        {!!others && !!stats?.matched && t.waiting.talking(stats.matched)}
      </p>
      <div class="card-actions">
        {narrow && (
          <button type="button" class="button" onClick={() => controller.widen()}>
            {narrow === 'tags' ? t.waiting.widen : t.waiting.widenLanguage}
          </button>
        )}
        <ModeSwitch />
      </div>
      {view.last && <p class="hint">{t.waiting.again(rematchMs)}</p>}
      <AutoNext />
    </div>
  );
}

function farewell(ended: Ended): string {
  return ended === 'key_mismatch' || ended === 'crypto_failed' ? `${t.trouble.texts[ended]![0]}.` : t.chat.farewell[ended];
}

/** Which wishes are searched by, and in how many seconds (`left`) the search widens. */
function Search({ view, left }: { view: View; left: number }) {
  const tags = view.wish?.tags ?? [];
  const language = view.wish?.language && languageName(view.wish.language);
  const seeking = view.wish?.seeking ?? [];
  return (
    <>
      {tags.length > 0 && (
        <p class="card-tags">
          {left > 0 ? t.waiting.tagsFirst : t.waiting.anyoneNow}{' '}
          {left > 0 && tags.map((tag) => <bdi class="tag" key={tag}>{tag}</bdi>)}
          {left > 0 && <span class="card-count">{t.waiting.anyoneIn(left)}</span>}
        </p>
      )}
      {(language || seeking.length > 0) && (
        <p class="card-facts">
          {language && (view.waiting?.widened ? t.waiting.languageWidened(language) : t.waiting.language(language))}{' '}
          {seeking.length > 0 && t.waiting.seeking(seeking.map((gender) => t.landing.seekings[gender].toLowerCase()))}
        </p>
      )}
    </>
  );
}

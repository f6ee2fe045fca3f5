import { useController, useNow, useView } from '../hooks';
import { languageName } from '../languages';
import { useStats } from '../stats';
import { t } from '../strings';
import { modeOf, type View } from '../view';
import { AutoNext } from './auto-next';
import { Passing } from './passing';

/** The honest wait: who is looked for, how long it may take, how to change it. */
export function WaitingCard() {
  const controller = useController();
  const view = useView();
  const stats = useStats();
  const wish = view.wish;
  const mode = modeOf(view);
  const left = view.ended !== null;
  const narrow = !view.waiting?.widened && (wish?.tags?.length ? 'tags' : wish?.language ? 'language' : null);
  const others = stats ? Math.max(0, stats.waiting[mode] - 1) : null;
  return (
    <div class="card">
      <Passing />
      <h2 class="card-title">{left ? t.waiting.afterLeft : t.waiting.title}</h2>
      <Search view={view} />
      <p class="card-facts">
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
        {mode === 'video' && (
          <button type="button" class="button" onClick={() => controller.textOnly()}>{t.waiting.textOnly}</button>
        )}
      </div>
      <AutoNext />
    </div>
  );
}

/** Which wishes are searched by, and when the search widens. */
function Search({ view }: { view: View }) {
  const { graceMs } = useController().limits;
  const tags = view.wish?.tags ?? [];
  const since = view.waiting?.since ?? Date.now();
  const now = useNow(tags.length > 0);
  const left = Math.ceil((since + graceMs - now) / 1000);
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

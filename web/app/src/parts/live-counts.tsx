import { useStats } from '../stats';
import { t } from '../strings';

/** How many are here, if the server tells. No number is ever made up. */
export function LiveCounts() {
  const stats = useStats();
  return (
    <p class="counts" data-known={stats !== null}>
      {stats && (
        <>
          <span class="counts-dot" aria-hidden="true" />
          <span>{t.landing.online(stats.online)}</span>
          <span>{t.landing.waitingNow(stats.waiting.video + stats.waiting.text)}</span>
          <span>{t.landing.talking(stats.matched)}</span>
        </>
      )}
    </p>
  );
}

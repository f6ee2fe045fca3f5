import { useStats } from '../stats';
import { t } from '../strings';

/** How many are here, if the server tells. No number is ever made up, and none is zero. */
export function LiveCounts() {
  const stats = useStats();
  const waiting = stats ? stats.waiting.video + stats.waiting.text : 0;
  return (
    <p class="counts" data-known={!!stats?.online}>
      {!!stats?.online && (
        <>
          <span class="counts-dot" aria-hidden="true" />
          <span>{t.landing.online(stats.online)}</span>
          {waiting > 0 && <span>{t.landing.waitingNow(waiting)}</span>}
          {stats.matched > 0 && <span>{t.landing.talking(stats.matched)}</span>}
        </>
      )}
    </p>
  );
}

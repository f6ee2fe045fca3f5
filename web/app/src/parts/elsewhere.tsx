import { useEffect } from 'preact/hooks';
import { useController, useView } from '../hooks';
import { t } from '../strings';

/** On the first page: there is a conversation in another tab, which can go on here. Start goes on being possible. */
export function Elsewhere() {
  const controller = useController();
  const { elsewhere } = useView();
  useEffect(() => {
    const look = () => void (document.hidden || controller.lookElsewhere());
    look();
    document.addEventListener('visibilitychange', look);
    return () => document.removeEventListener('visibilitychange', look);
  }, []);
  if (!elsewhere) return null;
  return (
    <div class="elsewhere">
      <p id="elsewhere">{t.landing.elsewhere}</p>
      <button type="button" class="button" data-testid="use-here" aria-describedby="elsewhere" onClick={() => void controller.useHere(elsewhere)}>
        {t.trouble.useHere}
      </button>
    </div>
  );
}

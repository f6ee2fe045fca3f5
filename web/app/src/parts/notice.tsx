import { useEffect } from 'preact/hooks';
import { useController, useNow, useView } from '../hooks';
import { t } from '../strings';
import { Icon } from './icon';
import { troubleTexts } from './trouble-text';

const shownFor = 6000;

/** A passing word about something that went wrong but stops nothing. */
export function Notice() {
  const controller = useController();
  const { notice, online, trouble } = useView();
  const now = useNow(notice !== null);
  const wait = notice?.retryAt ? Math.ceil((notice.retryAt - now) / 1000) : 0;
  const dismiss = () => controller.dispatch({ type: 'notice', notice: null });
  useEffect(() => {
    if (!notice) return;
    const timer = setTimeout(dismiss, Math.max(shownFor, (notice.retryAt ?? 0) - Date.now()));
    return () => clearTimeout(timer);
  }, [notice]);
  const [title, text] = notice ? troubleTexts(notice) : ['', ''];
  return (
    <div class="notices" role="status">
      {!online && !trouble && <p class="notice">{t.offline}</p>}
      {notice && (
        <p class="notice">
          <span>
            <strong>{title}.</strong> {text} {wait > 0 && `${t.trouble.againIn(wait)}.`}
          </span>
          <button type="button" class="button is-icon is-plain" aria-label={t.trouble.leave} onClick={dismiss}>
            <Icon name="close" />
          </button>
        </p>
      )}
    </div>
  );
}

import { useController, useView } from '../hooks';
import { isLocale, locales, t } from '../strings';
import { Icon } from './icon';

/** The language of the page, each by its own name. */
export function LocaleSelect() {
  const controller = useController();
  const { locale } = useView();
  const choose = (code: string) => isLocale(code) && void controller.setLocale(code).catch(() => location.reload());
  return (
    <label class="locale">
      <Icon name="globe" />
      <span class="unseen">{t.pageLanguage}</span>
      <select class="locale-select" data-testid="page-language" value={locale} onChange={(event) => choose(event.currentTarget.value)}>
        {Object.entries(locales).map(([code, name]) => <option key={code} value={code} lang={code}>{name}</option>)}
      </select>
    </label>
  );
}

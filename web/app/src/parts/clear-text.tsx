import { t } from '../strings';
import { Icon } from './icon';

/** On every screen, always, where the operator has switched the encryption of texts off. */
export function ClearText() {
  return (
    <aside class="clear-text" aria-label={t.landing.privacy} data-testid="clear-text">
      <Icon name="alert" />
      <span>{t.clear.banner}</span>
    </aside>
  );
}

/** What stays private here. */
export function privacyList(clearText: boolean): readonly string[] {
  const [first, ...rest] = t.landing.privacyList;
  return [clearText ? t.clear.privacy : first!, ...rest];
}

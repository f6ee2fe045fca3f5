import { site } from '../site';
import { t } from '../strings';
import { Mark } from './icon';

export function Logo() {
  return (
    <span class="logo">
      {site.logo ? <img class="own-mark" src={site.logo} alt="" /> : <Mark />}
      {t.name}
    </span>
  );
}

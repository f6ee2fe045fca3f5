import { t } from '../strings';
import { Mark } from './icon';

export function Logo() {
  return (
    <span class="logo">
      <Mark />
      {t.name}
    </span>
  );
}

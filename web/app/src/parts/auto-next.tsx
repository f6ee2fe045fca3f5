import { useController, useView } from '../hooks';
import { t } from '../strings';

/** The visible choice: go on by itself when a stranger leaves, or wait for a press. */
export function AutoNext() {
  const controller = useController();
  const { autoNext } = useView();
  return (
    <label class="option auto-next">
      <input type="checkbox" checked={autoNext} onChange={(event) => controller.setAutoNext(event.currentTarget.checked)} />
      {t.waiting.autoNext}
    </label>
  );
}

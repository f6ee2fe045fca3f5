import { t } from '../strings';
import type { View } from '../view';

/** Where things stand, in two words; read aloud when it changes. Stays in the page all the time. */
export function Status({ view }: { view: View }) {
  const state = view.trouble ? 'error' : view.state;
  const text = state === 'connecting' && view.step === 'camera' ? t.status.camera : t.status[state];
  return (
    <p class="status" role="status" data-testid="status" data-state={state}>
      <span class="status-dot" aria-hidden="true" />
      {text}
    </p>
  );
}

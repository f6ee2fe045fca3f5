import { useEffect, useRef } from 'preact/hooks';
import { useView } from '../hooks';
import { t } from '../strings';
import { modeOf } from '../view';
import { Controls } from '../parts/controls';
import { Stage } from '../parts/stage';
import { Talk } from '../parts/talk';

/** From Start to Stop: connecting, waiting, talking. One screen, so that nothing jumps and no element is made anew. */
export function Session() {
  const view = useView();
  const mode = modeOf(view);
  const ref = useRef<HTMLElement>(null);
  // Another mode is another layout: what had the focus may be gone.
  useEffect(() => {
    if (!ref.current?.contains(document.activeElement)) ref.current?.focus();
  }, [mode]);
  return (
    <main ref={ref} class="session" data-mode={mode} data-state={view.state} tabIndex={-1}>
      <h1 class="unseen">{t.chat.heading}</h1>
      {mode === 'video' && <Stage />}
      <Talk />
      <Controls />
    </main>
  );
}

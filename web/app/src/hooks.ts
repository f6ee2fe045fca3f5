import { createContext } from 'preact';
import { useContext, useEffect, useReducer, useState } from 'preact/hooks';
import type { Controller } from './controller';
import type { View } from './view';

export const ControllerContext = createContext<Controller | null>(null);

export function useController(): Controller {
  const controller = useContext(ControllerContext);
  if (!controller) throw new Error('no controller above this part');
  return controller;
}

/** The view, again whenever it changes. */
export function useView(): View {
  const controller = useController();
  const [, changed] = useReducer((n: number) => n + 1, 0);
  useEffect(() => controller.subscribe(() => changed(undefined)), [controller]);
  return controller.view;
}

/** The time in Unix milliseconds, renewed every second while `running`. */
export function useNow(running = true): number {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    if (!running) return;
    setNow(Date.now());
    const timer = setInterval(() => setNow(Date.now()), 1000);
    return () => clearInterval(timer);
  }, [running]);
  return now;
}

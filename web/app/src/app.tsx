import { useEffect } from 'preact/hooks';
import type { Controller } from './controller';
import { ControllerContext, useView } from './hooks';
import { leaveFullScreen } from './full-screen';
import { useKeys } from './keys';
import { LocaleSelect } from './parts/locale-select';
import { Logo } from './parts/logo';
import { Notice } from './parts/notice';
import { ClearText } from './parts/clear-text';
import { WarningDialog } from './parts/warning';
import { Status } from './parts/status';
import { Landing } from './screens/landing';
import { Session } from './screens/session';
import { TroubleScreen } from './screens/trouble';
import { useTitle } from './title';
import { useSeenHeight } from './seen-height';
import { modeOf } from './view';
import { useWakeLock } from './wake';

export function App({ controller }: { controller: Controller }) {
  return (
    <ControllerContext.Provider value={controller}>
      <Page controller={controller} />
    </ControllerContext.Provider>
  );
}

function Page({ controller }: { controller: Controller }) {
  const view = useView();
  useKeys(controller);
  useTitle(view);
  useSeenHeight();
  useWakeLock(view.match?.mode === 'video');
  const screen = view.trouble ? 'trouble' : view.state === 'idle' ? 'landing' : 'session';
  useEffect(() => scrollTo(0, 0), [screen]);
  useEffect(() => void (screen !== 'session' && leaveFullScreen()), [screen]);
  return (
    <div class="page" data-screen={screen} data-mode={modeOf(view)}>
      <header class="top">
        <Logo />
        <Status view={view} />
        {screen !== 'session' && <LocaleSelect />}
      </header>
      {view.clearText && <ClearText />}
      {view.trouble ? <TroubleScreen trouble={view.trouble} /> : screen === 'landing' ? <Landing /> : <Session />}
      <Notice />
      {view.warnings[0] && <WarningDialog key={view.warnings[0].id} warning={view.warnings[0]} />}
    </div>
  );
}

import { useEffect, useRef, useState } from 'preact/hooks';
import { useController, useView } from '../hooks';
import { t } from '../strings';
import type { Line } from '../view';
import { mask } from '../words/filter';
import { Icon } from './icon';

/** A message that is under way for longer than this says so, in milliseconds. */
const patience = 10_000;

/** The conversation. New lines are read aloud; it follows the newest unless the user has scrolled up. */
export function Log() {
  const { lines } = useView();
  const ref = useRef<HTMLDivElement>(null);
  const follow = useRef(true);
  useEffect(() => {
    const box = ref.current!;
    const watch = new ResizeObserver(() => follow.current && (box.scrollTop = box.scrollHeight));
    watch.observe(box);
    return () => watch.disconnect();
  }, []);
  useEffect(() => {
    const box = ref.current!;
    if (follow.current || lines[lines.length - 1]?.from === 'me') box.scrollTop = box.scrollHeight;
  }, [lines]);
  return (
    <div
      ref={ref}
      class="log"
      role="log"
      aria-label={t.chat.log}
      data-testid="messages"
      tabIndex={0}
      onScroll={(event) => {
        const box = event.currentTarget;
        follow.current = box.scrollHeight - box.scrollTop - box.clientHeight < 40;
      }}
    >
      {lines.map((line) => <LogLine key={`${line.from}-${line.id}`} line={line} />)}
    </div>
  );
}

/** Comes up beside a line that is pointed at or that has the focus; the first press says that it worked. */
function CopyButton({ text }: { text: string }) {
  const [done, setDone] = useState(false);
  useEffect(() => {
    const timer = done && setTimeout(() => setDone(false), 2000);
    return () => void (timer && clearTimeout(timer));
  }, [done]);
  const name = done ? t.chat.copied : t.chat.copy;
  return (
    <button
      type="button"
      class="copy"
      aria-label={name}
      title={name}
      onClick={() => void navigator.clipboard?.writeText(text).then(() => setDone(true), () => {})}
    >
      <Icon name={done ? 'check' : 'copy'} />
    </button>
  );
}

function LogLine({ line }: { line: Line }) {
  const controller = useController();
  const state = line.from === 'me' ? line.state : undefined;
  const [late, again] = useLate(state === 'sending');
  if (line.from === 'system') return <div class="line is-system" data-from="system">{line.text}</div>;
  const retry = () => {
    controller.retry(line.id);
    again();
  };
  return (
    <div class="line" data-from={line.from} data-delivery={state}>
      <span class="unseen">{line.from === 'me' ? t.chat.me : t.chat.stranger}: </span>
      {line.from === 'partner' ? <Heard text={line.text} /> : <bdi class="bubble" dir="auto">{line.text}</bdi>}
      <CopyButton text={line.text} />
      {line.from === 'me' && line.refused && (
        <span class="delivery is-failed" data-testid="refused" data-why={line.refused}>
          {t.clear.refused[line.refused]}{' '}
          {line.refused !== 'filter' && <button type="button" class="link" onClick={() => controller.send(line.text)}>{t.chat.retry}</button>}
        </span>
      )}
      {(state === 'sending' || state === 'delivered') && !late && (
        <span class="delivery" title={t.chat[state]}>
          <Icon name={state === 'sending' ? 'clock' : 'check'} />
          <span class="unseen">{t.chat[state]}</span>
        </span>
      )}
      {state === 'failed' && <span class="delivery is-failed">{t.chat.failed}</span>}
      {late && (
        <span class="delivery is-late">
          {t.chat.late}{' '}
          <button type="button" class="link" data-testid="retry" onClick={retry}>{t.chat.retry}</button>
        </span>
      )}
    </div>
  );
}

/** Whether something has been under way for long; `again` begins to count anew. It is sent again by itself all the time, but who waits may press. */
function useLate(underWay: boolean): [late: boolean, again: () => void] {
  const [tries, setTries] = useState(0);
  const [late, setLate] = useState(false);
  useEffect(() => {
    setLate(false);
    const timer = underWay && setTimeout(() => setLate(true), patience);
    return () => void (timer && clearTimeout(timer));
  }, [underWay, tries]);
  return [late, () => setTries(tries + 1)];
}

/** What the stranger wrote, with the words masked that one does not want to read. A press shows them. */
function Heard({ text }: { text: string }) {
  const { safety } = useController();
  const [shown, setShown] = useState(false);
  const hits = shown ? [] : safety.unwanted(text);
  return (
    <>
      <bdi class="bubble" dir="auto">{mask(text, hits)}</bdi>
      {hits.length > 0 && (
        <button type="button" class="link masked" data-testid="unmask" title={t.safety.masked} onClick={() => setShown(true)}>{t.safety.show}</button>
      )}
    </>
  );
}

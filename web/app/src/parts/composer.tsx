import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { useController, useView } from '../hooks';
import { t } from '../strings';
import type { Contact } from '../words/contact';
import { Icon } from './icon';

/** How long after the last key the stranger is still told that one is writing. */
const typingFor = 3000;

/** Enter sends, Shift+Enter breaks the line. Stays focusable between matches, so that the focus is not lost. */
export function Composer() {
  const controller = useController();
  const { match } = useView();
  const [text, setText] = useState('');
  const [asking, setAsking] = useState<Contact[]>([]);
  const field = useRef<HTMLTextAreaElement>(null);
  const typing = useTyping((on) => controller.typing(on));
  const open = match !== null;

  // Before anything can be typed: an effect after the paint would take away what was.
  useLayoutEffect(() => {
    setText('');
    setAsking([]);
    typing(false);
  }, [match?.id]);
  useEffect(() => {
    if (match?.mode === 'text' && matchMedia('(hover: hover)').matches) field.current?.focus();
  }, [match?.id]);

  const send = (agreed: readonly Contact[] = []) => {
    const trimmed = text.trim();
    if (!trimmed || !match) return;
    controller.safety.agree(match.id, agreed);
    const risky = controller.safety.risky(match.id, trimmed);
    setAsking(risky);
    if (risky.length) return;
    typing(false);
    controller.send(trimmed);
    setText('');
    field.current?.focus();
  };
  return (
    <form
      class="composer"
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      {asking.length > 0 && (
        <div class="composer-ask" role="alert" data-testid="contact-ask">
          <p>{t.safety.ask(asking.map((kind) => t.safety.kinds[kind]))}</p>
          <button type="button" class="button" onClick={() => { setAsking([]); field.current?.focus(); }}>{t.safety.edit}</button>
          <button type="button" class="button is-danger" data-testid="send-anyway" onClick={() => send(asking)}>{t.safety.sendAnyway}</button>
        </div>
      )}
      <textarea
        ref={field}
        class="composer-input"
        data-testid="message-input"
        rows={1}
        dir="auto"
        maxLength={2000}
        enterkeyhint="send"
        autocomplete="off"
        aria-label={t.chat.write}
        placeholder={open ? t.chat.write : t.chat.writeLater}
        readOnly={!open}
        value={text}
        onInput={(event) => {
          setText(event.currentTarget.value);
          setAsking([]);
          typing(event.currentTarget.value.trim() !== '');
        }}
        onKeyDown={(event) => {
          if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
          event.preventDefault();
          send();
        }}
      />
      <button type="submit" class="button is-icon is-send" data-testid="message-send" aria-label={t.chat.send} aria-disabled={!open || !text.trim()}>
        <Icon name="send" />
      </button>
    </form>
  );
}

/** Tells of typing once when it begins, and once when it ends or pauses. */
function useTyping(tell: (on: boolean) => void): (on: boolean) => void {
  const on = useRef(false);
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  const set = (next: boolean) => {
    clearTimeout(timer.current);
    if (next) timer.current = setTimeout(() => set(false), typingFor);
    if (next === on.current) return;
    on.current = next;
    tell(next);
  };
  useEffect(() => () => clearTimeout(timer.current), []);
  return set;
}

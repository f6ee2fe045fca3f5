import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { useController, useView } from '../hooks';
import { t } from '../strings';
import { EmojiPicker } from './emoji-picker';
import type { Contact } from '../words/contact';
import { Icon } from './icon';

/** How long after the last key the stranger is still told that one is writing. */
const typingFor = 3000;

/** The longest message in characters, and from how many left on the page counts them. */
const longest = 2000;
const counted = 200;

/** Enter sends, Shift+Enter breaks the line. Stays focusable between matches, so that the focus is not lost. */
export function Composer() {
  const controller = useController();
  const { match, lines } = useView();
  const [cut, setCut] = useState(false);
  const [text, setText] = useState('');
  const [asking, setAsking] = useState<Contact[]>([]);
  const field = useRef<HTMLTextAreaElement>(null);
  const typing = useTyping((on) => controller.typing(on));
  const open = match !== null;

  // Before anything can be typed: an effect after the paint would take away what was.
  useLayoutEffect(() => {
    setText('');
    setCut(false);
    setAsking([]);
    typing(false);
  }, [match?.id]);
  useEffect(() => {
    if (match?.mode === 'text' && matchMedia('(hover: hover)').matches) field.current?.focus();
  }, [match?.id]);

  /** Puts words where the cursor is, as if they had been typed. */
  const insert = (words: string) => {
    const { selectionStart: from, selectionEnd: to } = field.current!;
    const next = (text.slice(0, from) + words + text.slice(to)).slice(0, longest);
    setText(next);
    typing(true);
    field.current!.focus();
    requestAnimationFrame(() => field.current?.setSelectionRange(from + words.length, from + words.length));
  };
  const silent = open && !lines.some((line) => line.from !== 'system');
  const left = longest - text.length;

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
      {silent && match.mode === 'text' && text === '' && (
        <button type="button" class="button is-quiet composer-opener" data-testid="opener" onClick={() => insert(anyOf(t.chat.openers))}>
          <Icon name="spark" />
          {t.chat.opener}
        </button>
      )}
      <p class="composer-left" role="status">{cut ? t.chat.cut : left < counted && t.chat.left(left)}</p>
      <EmojiPicker disabled={!open} onPick={insert} />
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
        maxLength={longest}
        enterkeyhint="send"
        autocomplete="off"
        aria-label={t.chat.write}
        placeholder={open ? t.chat.write : t.chat.writeLater}
        readOnly={!open}
        value={text}
        onInput={(event) => {
          setText(event.currentTarget.value);
          if (event.currentTarget.value.length < longest) setCut(false);
          setAsking([]);
          typing(event.currentTarget.value.trim() !== '');
        }}
        onPaste={(event) => setCut(text.length + (event.clipboardData?.getData('text') ?? '').length > longest)}
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

function anyOf(list: readonly string[]): string {
  return list[Math.floor(Math.random() * list.length)]!;
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

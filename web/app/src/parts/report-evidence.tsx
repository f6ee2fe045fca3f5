import type { Message } from '@passerby/client';
import { useEffect, useRef } from 'preact/hooks';
import type { Snapshot } from '../snapshot';
import { t } from '../strings';

export interface Chosen {
  /** Ids of messages. */
  messages: ReadonlySet<string>;
  picture: boolean;
  media: boolean;
}

interface Props {
  provable: readonly Message[];
  snapshot: Snapshot | null;
  /** How much of picture and sound can be opened, in milliseconds. */
  media: number;
  chosen: Chosen;
  onChange(chosen: Chosen): void;
}

/** What goes along with a report. Nothing does until the person says so. */
export function ReportEvidence({ provable, snapshot, media, chosen, onChange }: Props) {
  const { messages, picture } = chosen;
  const all = provable.map(({ id }) => id);
  const pick = (id: string, on: boolean) => {
    const next = new Set(messages);
    if (on) next.add(id);
    else next.delete(id);
    onChange({ ...chosen, messages: next });
  };
  if (!provable.length && !snapshot && !media) return null;
  return (
    <fieldset class="options is-column">
      <legend class="label">{t.report.evidence}</legend>
      {provable.length > 0 && (
        <label class="option">
          <input
            type="checkbox"
            data-testid="report-messages"
            checked={messages.size > 0}
            onChange={(event) => onChange({ ...chosen, messages: new Set(event.currentTarget.checked ? all : []) })}
          />
          {t.report.withMessages(provable.length)}
        </label>
      )}
      {messages.size > 0 && (
        <ul class="evidence" tabIndex={0} aria-label={t.report.chooseMessages}>
          {provable.map(({ id, text }) => (
            <li key={id}>
              <label class="option">
                <input type="checkbox" checked={messages.has(id)} onChange={(event) => pick(id, event.currentTarget.checked)} />
                <bdi dir="auto">{text}</bdi>
              </label>
            </li>
          ))}
        </ul>
      )}
      {snapshot && (
        <label class="option">
          <input type="checkbox" data-testid="report-picture" checked={picture} onChange={(event) => onChange({ ...chosen, picture: event.currentTarget.checked })} />
          {t.report.withPicture}
        </label>
      )}
      {snapshot && picture && <Preview snapshot={snapshot} />}
      {media > 0 && (
        <label class="option">
          <input type="checkbox" data-testid="report-media" checked={chosen.media} onChange={(event) => onChange({ ...chosen, media: event.currentTarget.checked })} />
          {t.report.withMedia(media / 1000)}
        </label>
      )}
    </fieldset>
  );
}

function Preview({ snapshot }: { snapshot: Snapshot }) {
  const ref = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const { canvas } = snapshot;
    canvas.setAttribute('role', 'img');
    canvas.setAttribute('aria-label', t.report.picture);
    ref.current!.replaceChildren(canvas);
  }, [snapshot]);
  return <div ref={ref} class="evidence-picture" />;
}

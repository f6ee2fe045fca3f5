import { useEffect, useState } from 'preact/hooks';
import { useController, useView } from '../hooks';
import { t } from '../strings';
import { privacyList } from './clear-text';
import { Dialog } from './dialog';
import { Icon } from './icon';
import { OwnData } from './own-data';

/** The button that opens it: on the first page and in every conversation. */
export function SafetyLink({ compact = false }: { compact?: boolean }) {
  const [open, setOpen] = useState(false);
  return (
    <>
      {compact ? (
        <button type="button" class="button is-quiet" data-testid="safety" aria-haspopup="dialog" aria-label={t.safety.title} title={t.safety.title} onClick={() => setOpen(true)}>
          <Icon name="shield" />
        </button>
      ) : (
        <button type="button" class="link" data-testid="safety" aria-haspopup="dialog" onClick={() => setOpen(true)}>
          <Icon name="shield" />
          {t.safety.title}
        </button>
      )}
      {open && <SafetyPage onClose={() => setOpen(false)} />}
    </>
  );
}

/** What to know before one talks to strangers, and what this device does about it. */
function SafetyPage({ onClose }: { onClose: () => void }) {
  const controller = useController();
  const { safety } = controller;
  const [kept, setKept] = useState(true);
  useEffect(() => void controller.deviceKept().then(setKept, () => {}), [controller]);
  const { clearText } = useView();
  const [words, setWords] = useState(safety.words.join('\n'));
  const [blur, setBlur] = useState(safety.blurStart);
  const [nudity, setNudity] = useState(safety.nudityCheck);
  return (
    <Dialog title={t.safety.title} onClose={onClose}>
      <ul class="safety-tips">
        {t.safety.tips.map((tip) => <li key={tip}>{tip}</li>)}
      </ul>
      {!kept && <p class="hint" data-testid="not-kept">{t.safety.notKept}</p>}
      <label class="option">
        <input
          type="checkbox"
          data-testid="blur-start"
          checked={blur}
          onChange={(event) => setBlur((safety.blurStart = event.currentTarget.checked))}
        />
        {t.safety.blur}
      </label>
      {safety.nudityThreshold > 0 && (
        <label class="option">
          <input
            type="checkbox"
            data-testid="nudity-check"
            checked={nudity}
            onChange={(event) => setNudity((safety.nudityCheck = event.currentTarget.checked))}
          />
          {t.safety.nudity}
        </label>
      )}
      <label class="field">
        <span class="label">{t.safety.words}</span>
        <textarea
          class="textarea"
          data-testid="filter-words"
          rows={3}
          dir="auto"
          autocomplete="off"
          spellcheck={false}
          value={words}
          onInput={(event) => {
            setWords(event.currentTarget.value);
            safety.words = event.currentTarget.value.split('\n').map((word) => word.trim()).filter(Boolean);
          }}
        />
        <span class="hint">{t.safety.wordsHint}</span>
      </label>
      <h3 class="safety-heading">{t.landing.privacy}</h3>
      <ul class="safety-tips">
        {privacyList(clearText).map((item) => <li key={item}>{item}</li>)}
      </ul>
      <OwnData />
      <div class="dialog-actions">
        <button type="button" class="button is-primary" onClick={onClose}>{t.controls.close}</button>
      </div>
    </Dialog>
  );
}

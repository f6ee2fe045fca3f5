import { useEffect, useState } from 'preact/hooks';
import { toWish } from '../draft';
import { hostsSession } from '../host';
import { useController, useView } from '../hooks';
import { privacyList } from '../parts/clear-text';
import { DeviceCheck } from '../parts/device-check';
import { Elsewhere } from '../parts/elsewhere';
import { Icon } from '../parts/icon';
import { LanguageSelect } from '../parts/language-select';
import { LiveCounts } from '../parts/live-counts';
import { ModeChoice } from '../parts/mode-choice';
import { SafetyLink } from '../parts/safety-page';
import { SiteLinks } from '../parts/site-links';
import { TagsField } from '../parts/tags-field';
import { WhoFields } from '../parts/who-fields';
import { t } from '../strings';
import { addTags } from '../tags';

/** The first page: what this is, whom to meet, Start. */
export function Landing() {
  const { clearText } = useView();
  return (
    <main class="landing">
      <div class="landing-intro">
        <h1>{t.landing.headline}</h1>
        <p class="landing-pitch">{t.landing.pitch}</p>
        <LiveCounts />
        <p><SafetyLink /></p>
        <Elsewhere />
      </div>
      <StartForm />
      <div class="landing-facts">
        <Facts title={t.landing.rules} items={t.landing.ruleList} />
        <Facts title={t.landing.privacy} items={privacyList(clearText)} />
        <SiteLinks />
      </div>
    </main>
  );
}

function StartForm() {
  const controller = useController();
  const { draft, adult } = useView();
  // What is typed and not yet a chip goes along with Start. It becomes no chip when the field loses the focus: that
  // would move the button away under the press.
  const [pending, setPending] = useState('');
  const [checking, setChecking] = useState(false);
  const [problem, setProblem] = useState(false);
  const [byService, setByService] = useState(hostsSession || controller.safety.ageService);
  const [learns, setLearns] = useState(controller.safety.learns);
  useEffect(() => void controller.safety.loaded.then(() => { setByService(hostsSession || controller.safety.ageService); setLearns(controller.safety.learns); }), [controller]);

  const start = () => {
    if (!adult) {
      setProblem(true);
      document.getElementById('confirm-age')?.focus();
      return;
    }
    const tags = addTags(draft.tags, pending);
    controller.dispatch({ type: 'draft', patch: { tags } });
    void controller.start(toWish({ ...draft, tags }));
  };
  return (
    <form
      class="start-form"
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        start();
      }}
    >
      <ModeChoice mode={draft.mode} onChange={(mode) => controller.dispatch({ type: 'draft', patch: { mode } })} />
      {draft.mode === 'video' && (
        <div class="check-slot">
          <button type="button" class="link check-button" aria-expanded={checking} onClick={() => setChecking(!checking)}>
            <Icon name="sliders" />
            {t.landing.check}
          </button>
          {checking && <DeviceCheck />}
        </div>
      )}
      <TagsField
        tags={draft.tags}
        pending={pending}
        onChange={(tags, text) => {
          setPending(text);
          controller.dispatch({ type: 'draft', patch: { tags } });
        }}
      />
      {learns && <p class="hint learns">{t.landing.learns}</p>}
      <LanguageSelect value={draft.language} onChange={(language) => controller.dispatch({ type: 'draft', patch: { language } })} />
      <WhoFields draft={draft} onChange={(patch) => controller.dispatch({ type: 'draft', patch })} />
      <div class="start-last">
        <label class="option age" data-problem={problem && !adult}>
          <input
            id="confirm-age"
            type="checkbox"
            data-testid="confirm-age"
            checked={adult}
            aria-describedby="age-problem"
            aria-invalid={problem && !adult}
            onChange={(event) => controller.dispatch({ type: 'adult', on: event.currentTarget.checked })}
          />
          {byService ? t.landing.ageService : t.landing.age}
        </label>
        <p id="age-problem" class="problem" role="alert">{problem && !adult && (byService ? t.landing.rulesMissing : t.landing.ageMissing)}</p>
        <button type="submit" class="button is-primary is-start" data-testid="start">
          {t.landing.start}
        </button>
      </div>
    </form>
  );
}

function Facts({ title, items }: { title: string; items: readonly string[] }) {
  return (
    <section class="facts">
      <h2>{title}</h2>
      <ul>
        {items.map((item) => <li key={item}>{item}</li>)}
      </ul>
    </section>
  );
}

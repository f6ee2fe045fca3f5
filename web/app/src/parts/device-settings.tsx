import { useEffect, useState } from 'preact/hooks';
import { canCaption } from '../captions';
import { useController, useView } from '../hooks';
import { t } from '../strings';

/** How microphone, own picture and keyboard behave. */
export function DeviceSettings() {
  const controller = useController();
  const { settings, wish } = useView();
  const [captions, setCaptions] = useState(false);
  useEffect(() => void canCaption(wish?.language ?? navigator.language).then(setCaptions), [wish?.language]);
  const shown = (['quiet', 'mirror', 'shortcuts', 'captions'] as const).filter((each) => each !== 'captions' || captions);
  return (
    <div class="options is-column">
      {shown.map((each) => (
        <label class="option" key={each}>
          <input type="checkbox" checked={settings[each]} onChange={(event) => controller.set({ [each]: event.currentTarget.checked })} />
          {t.devices[each]}
        </label>
      ))}
    </div>
  );
}

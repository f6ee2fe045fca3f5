import { useController, useView } from '../hooks';
import { t } from '../strings';

/** How microphone, own picture and keyboard behave. */
export function DeviceSettings() {
  const controller = useController();
  const { settings } = useView();
  return (
    <div class="options is-column">
      {(['quiet', 'mirror', 'shortcuts'] as const).map((each) => (
        <label class="option" key={each}>
          <input type="checkbox" checked={settings[each]} onChange={(event) => controller.set({ [each]: event.currentTarget.checked })} />
          {t.devices[each]}
        </label>
      ))}
    </div>
  );
}

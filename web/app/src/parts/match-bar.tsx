import { useView } from '../hooks';
import { t } from '../strings';
import { QualityMark } from './quality-mark';
import { SafetyButtons } from './safety-buttons';
import { SafetyLink } from './safety-page';
import { Verify } from './verify';

/** Above the conversation: how safe it is, who it is, what both like, how well it runs, and the way to report. */
export function MatchBar() {
  const { match } = useView();
  return (
    <div class="match-bar">
      <Verify />
      {match && (match.name || match.tags.length > 0) && (
        <div class="match-bar-who">
          {match.name && <bdi class="partner-name" data-testid="partner-name" title={match.name}>{match.name}</bdi>}
          {match.tags.length > 0 && (
            <p class="shared">
              <span class="shared-label">{t.chat.shared}</span>
              {match.tags.map((tag) => <bdi class="tag" key={tag}>{tag}</bdi>)}
            </p>
          )}
        </div>
      )}
      <div class="match-bar-end">
        <QualityMark />
        <SafetyLink compact />
        <SafetyButtons />
      </div>
    </div>
  );
}

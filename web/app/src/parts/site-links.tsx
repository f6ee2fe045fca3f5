import { site } from '../site';
import { t } from '../strings';

const kinds = ['imprint', 'privacy', 'rules'] as const;

/** The operator's own pages; a conversation goes on beside them. */
export function SiteLinks() {
  const { links = {} } = site;
  if (!kinds.some((kind) => links[kind])) return null;
  return (
    <footer class="site-links">
      {kinds.map((kind) => links[kind] && <a key={kind} class="link" href={links[kind]} target="_blank" rel="noopener">{t.site[kind]}</a>)}
    </footer>
  );
}

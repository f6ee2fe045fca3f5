// A certificate that nobody vouches for, for localhost.
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

/** Writes it into dir and returns where: { cert, key }, PEM files. */
export function selfSigned(dir) {
  const [cert, key] = ['cert.pem', 'key.pem'].map((name) => join(dir, name));
  const kind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost'];
  execFileSync('openssl', ['req', '-x509', ...kind, '-days', '2', '-keyout', key, '-out', cert], { stdio: 'pipe' });
  return { cert, key };
}

/** Set by the build: where the encrypting worker lies. */
declare const __WORKER_URL__: string;

interface Window {
  /** The client, for tests and for finding faults by hand. */
  passerby: import('@passerby/client').Passerby;
}

/** Set by the build: where the encrypting worker lies. */
declare const __WORKER_URL__: string;
/** … and the one that solves puzzles while the server is under attack. */
declare const __PROVER_URL__: string;
/** … and the one that looks for nudity in pictures, where the operator wants that. */
declare const __NUDITY_URL__: string;

interface Window {
  /** The client, for tests and for finding faults by hand. */
  passerby: import('@passerby/client').Passerby;
}

/** `@passerby/client/group`: a call of up to eight, end-to-end encrypted, over one connection. */
export { GroupCall, type GroupEvents, type GroupOptions } from './call';
export { canTransform } from '../frameworker';

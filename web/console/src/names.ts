import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import { short } from './words';

/** Moderators' names by id. */
export const Names = createContext<Record<string, string>>({});

/** The name of whoever did something: a moderator, the command line, the server itself. */
export function useName(): (id?: string) => string {
  const names = useContext(Names);
  return (id) => (!id ? 'nobody' : names[id] ?? (id === 'cli' ? 'the operator' : id === 'system' ? 'the server' : short(id)));
}

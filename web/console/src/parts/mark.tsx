/** The mark: two people passing each other. */
export function Mark() {
  return (
    <svg class="mark" viewBox="0 0 32 32" aria-hidden="true">
      <circle class="mark-one" cx="9.5" cy="10.5" r="5.5" />
      <circle class="mark-two" cx="22.5" cy="21.5" r="5.5" />
      <path d="M19 10.5h9M4 21.5h9" />
    </svg>
  );
}

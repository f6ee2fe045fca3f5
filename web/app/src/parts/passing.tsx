/** Two dots that walk past each other: something is going on. Stands still for those who want less motion. */
export function Passing() {
  return (
    <div class="passing" aria-hidden="true">
      <span class="passing-one" />
      <span class="passing-two" />
    </div>
  );
}

/** The 64 safety emoji, chosen to be told apart at a glance and named in one breath. The order is part of the protocol. */
const list =
  '🐶dog 🐱cat 🦁lion 🐴horse 🦄unicorn 🐷pig 🐘elephant 🐰rabbit 🐼panda 🐓rooster 🐧penguin 🐢turtle 🐟fish 🐙octopus 🦋butterfly 🌷flower ' +
  '🌳tree 🌵cactus 🍄mushroom 🌍globe 🌙moon 🔥fire 🌈rainbow ⛄snowman 🍌banana 🍎apple 🍓strawberry 🌽corn 🍕pizza 🎂cake 🍩doughnut ☕coffee ' +
  '❤️heart 😀smile 🤖robot 🎩hat 👓glasses 🔧spanner 🎅santa 👍thumb ☂️umbrella ⌛hourglass ⏰clock 🎁gift 💡lamp 📕book ✏️pencil 📎paperclip ' +
  '✂️scissors 🔒lock 🔑key 🔨hammer ☎️telephone 🏁flag 🚂train 🚲bicycle ✈️aeroplane 🚀rocket 🏆trophy ⚽ball 🎸guitar 🎺trumpet 🔔bell ⚓anchor';

export const safetyEmoji: readonly { emoji: string; name: string }[] = list.split(' ').map((entry) => {
  const name = /[a-z]+$/.exec(entry)![0];
  return { emoji: entry.slice(0, -name.length), name };
});

/** The first 24 bits of a hash as four emoji. */
export function fourEmoji(hash: Uint8Array): { emoji: string[]; names: string[] } {
  const bits = (hash[0]! << 16) | (hash[1]! << 8) | hash[2]!;
  const chosen = [18, 12, 6, 0].map((shift) => safetyEmoji[(bits >> shift) & 63]!);
  return { emoji: chosen.map((e) => e.emoji), names: chosen.map((e) => e.name) };
}

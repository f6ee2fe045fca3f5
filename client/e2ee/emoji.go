package e2ee

import "strings"

// Emoji is one of the 64 signs of a short authentication string, and its name in English.
type Emoji struct{ Sign, Name string }

// signs are in an order that is part of the protocol, the same as in web/sdk/src/crypto/emoji.ts.
const signs = "🐶dog 🐱cat 🦁lion 🐴horse 🦄unicorn 🐷pig 🐘elephant 🐰rabbit 🐼panda 🐓rooster 🐧penguin 🐢turtle 🐟fish 🐙octopus 🦋butterfly 🌷flower " +
	"🌳tree 🌵cactus 🍄mushroom 🌍globe 🌙moon 🔥fire 🌈rainbow ⛄snowman 🍌banana 🍎apple 🍓strawberry 🌽corn 🍕pizza 🎂cake 🍩doughnut ☕coffee " +
	"❤️heart 😀smile 🤖robot 🎩hat 👓glasses 🔧spanner 🎅santa 👍thumb ☂️umbrella ⌛hourglass ⏰clock 🎁gift 💡lamp 📕book ✏️pencil 📎paperclip " +
	"✂️scissors 🔒lock 🔑key 🔨hammer ☎️telephone 🏁flag 🚂train 🚲bicycle ✈️aeroplane 🚀rocket 🏆trophy ⚽ball 🎸guitar 🎺trumpet 🔔bell ⚓anchor"

// fourEmoji are the first 24 bits of a hash.
func fourEmoji(hash [32]byte) (out [4]Emoji) {
	list := strings.Fields(signs)
	bits := uint(hash[0])<<16 | uint(hash[1])<<8 | uint(hash[2])
	for i := range out {
		entry := list[bits>>(18-6*i)&63]
		name := strings.IndexFunc(entry, func(r rune) bool { return r >= 'a' && r <= 'z' })
		out[i] = Emoji{entry[:name], entry[name:]}
	}
	return out
}

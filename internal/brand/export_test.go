package brand

// Usual answers the colours that the page has without a brand: by day, by night, on a picture.
func Usual() (light, dark, picture map[string]string) { return usualLight, usualDark, onPicture }

// Languages answers those that words may be in.
func Languages() []string { return languages }

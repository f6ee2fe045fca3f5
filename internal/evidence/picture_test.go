package evidence_test

import (
	"bytes"
	"errors"
	"image"
	"image/color"
	"image/jpeg"
	"testing"

	"passerby/internal/evidence"
)

func painted(t testing.TB, width, height int) []byte {
	t.Helper()
	img := image.NewRGBA(image.Rect(0, 0, width, height))
	for i := range img.Pix {
		img.Pix[i] = byte(i)
	}
	img.Set(0, 0, color.White)
	var out bytes.Buffer
	if err := jpeg.Encode(&out, img, nil); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestPictureIsWrittenAnew(t *testing.T) {
	hidden := []byte("<script>alert(1)</script>")
	clean, err := evidence.Picture(append(painted(t, 64, 48), hidden...))
	if err != nil {
		t.Fatal(err)
	}
	if head, err := jpeg.DecodeConfig(bytes.NewReader(clean)); err != nil || head.Width != 64 || head.Height != 48 || bytes.Contains(clean, hidden) {
		t.Errorf("%+v, %v", head, err)
	}
	large := painted(t, 16, 16)
	for i := range large { // says to be 65,535 pixels wide
		if large[i] == 0xff && large[i+1] == 0xc0 {
			large[i+7], large[i+8] = 0xff, 0xff
			break
		}
	}
	for name, bad := range map[string][]byte{
		"nothing": nil, "text": []byte("hello"), "too wide": painted(t, evidence.MaxSide+1, 8), "a bomb": large, "cut off": clean[:100], "PNG": []byte("\x89PNG\r\n\x1a\n0000"),
	} {
		if _, err := evidence.Picture(bad); !errors.Is(err, evidence.ErrPicture) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzPicture(f *testing.F) {
	f.Add(painted(f, 8, 8))
	f.Fuzz(func(t *testing.T, data []byte) {
		clean, err := evidence.Picture(data)
		if err != nil {
			return
		}
		if _, err := jpeg.DecodeConfig(bytes.NewReader(clean)); err != nil {
			t.Errorf("what was made of it is no JPEG: %v", err)
		}
	})
}

package evidence

import (
	"bytes"
	"errors"
	"fmt"
	"image/jpeg"
)

// MaxSide is the largest width and height of a picture, in pixels.
const MaxSide = 1280

// ErrPicture says that the bytes are no picture that a moderator could look at.
var ErrPicture = errors.New("the picture is not a JPEG of at most 1280 by 1280 pixels")

// Picture reads a JPEG and writes it anew: what comes out is pixels, without anything that a hostile sender may have
// put beside them.
func Picture(data []byte) ([]byte, error) {
	head, err := jpeg.DecodeConfig(bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrPicture, err)
	}
	if head.Width < 1 || head.Height < 1 || head.Width > MaxSide || head.Height > MaxSide {
		return nil, fmt.Errorf("%w: it has %d by %d", ErrPicture, head.Width, head.Height)
	}
	image, err := jpeg.Decode(bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrPicture, err)
	}
	var out bytes.Buffer
	if err := jpeg.Encode(&out, image, &jpeg.Options{Quality: 80}); err != nil {
		return nil, fmt.Errorf("encode a picture: %w", err)
	}
	return out.Bytes(), nil
}

package datasets

import (
	"fmt"

	"github.com/msflow-go/msflow/datasets/internal/picture"
)

// ErrTooManyPixels is wrapped by Decode's error for an image of more pixels than the caller allows.
var ErrTooManyPixels = picture.ErrTooManyPixels

// Decode reads the content of an image file that did not come from a disk, as files are read. One of more than most pixels
// is refused before memory is spent on it. With how.Levels 0 the samples of a 16-bit picture are taken to use all 16 bits.
func Decode(content []byte, how Reading, most int) (*Image, error) {
	if err := how.Check(); err != nil {
		return nil, err
	}
	pic, head, err := picture.DecodeBytes(content, min(most, picture.MaxPixels))
	if err != nil {
		return nil, fmt.Errorf("the image: %w", err)
	}
	if pic.Deep != nil {
		levels := how.Levels
		if levels == 0 {
			levels = picture.FullLevels
		}
		if pic, err = pic.Scaled(levels); err != nil {
			return nil, fmt.Errorf("the image: %w", err)
		}
	}
	return imageOf(pic.Turned(head.Facing(how.Exif != ExifIgnore))), nil
}

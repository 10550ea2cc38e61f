package datasets

import (
	"bufio"
	"errors"
	"fmt"
	"image"
	_ "image/jpeg" // the formats that image.Decode knows
	"image/png"
	"io"
	"os"

	_ "golang.org/x/image/bmp"
	_ "golang.org/x/image/tiff"
	_ "golang.org/x/image/webp"
)

// MaxPixels is the largest picture that is decoded. A larger one is refused by its header, before memory is spent on it.
const MaxPixels = 100_000_000

// imageExtensions are the file names that the folder layouts take for images.
var imageExtensions = map[string]bool{
	".jpg": true, ".jpeg": true, ".png": true, ".bmp": true, ".tif": true, ".tiff": true, ".webp": true,
}

// ErrEmptyFile is wrapped by the error for an image file of no bytes.
var ErrEmptyFile = errors.New("empty file")

// ErrTooLarge is wrapped by the error for an image of more than MaxPixels pixels.
var ErrTooLarge = fmt.Errorf("more than %d pixels", MaxPixels)

// decodeFile reads one picture. Grey in any form gives one channel. Colour is 8-bit RGB: the alpha channel is dropped, not
// blended; of 16 bits the upper 8 count; EXIF orientation is ignored, as the reference's loader ignores it.
func decodeFile(path string) (raster, error) {
	var pic raster
	err := withImageFile(path, func(f *os.File) error {
		img, format, err := decodeLimited(f)
		if err != nil {
			return err
		}
		pic = toRaster(img, format)
		return nil
	})
	return pic, err
}

// decodeLimited decodes the file once its header has shown a size that is not absurd.
func decodeLimited(f *os.File) (image.Image, string, error) {
	if _, err := headerSize(f); err != nil {
		return nil, "", err
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return nil, "", err
	}
	return decodeSafely(f)
}

// decodeSize is the picture's width and height, read from its header only.
func decodeSize(path string) (image.Point, error) {
	var size image.Point
	err := withImageFile(path, func(f *os.File) error {
		var err error
		size, err = headerSize(f)
		return err
	})
	return size, err
}

// withImageFile opens path for read and says in any error which file it was.
func withImageFile(path string, read func(*os.File) error) error {
	info, err := os.Stat(path)
	if err != nil {
		return err // names the file already
	}
	if !info.Mode().IsRegular() && !info.IsDir() {
		return fmt.Errorf("%s: no regular file (%s); opening it might wait for ever", path, info.Mode().Type())
	}
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := read(f); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}

func headerSize(f *os.File) (image.Point, error) {
	info, err := f.Stat()
	if err != nil {
		return image.Point{}, err
	}
	if info.IsDir() {
		return image.Point{}, errors.New("a folder, not an image")
	}
	if info.Size() == 0 {
		return image.Point{}, ErrEmptyFile
	}
	config, _, err := decodeConfigSafely(f)
	if err != nil {
		return image.Point{}, err
	}
	return image.Pt(config.Width, config.Height), checkSize(config.Width, config.Height)
}

func checkSize(w, h int) error {
	if w < 1 || h < 1 {
		return fmt.Errorf("an image of %d×%d pixels", w, h)
	}
	if int64(w)*int64(h) > MaxPixels {
		return fmt.Errorf("an image of %d×%d pixels: %w", w, h, ErrTooLarge)
	}
	return nil
}

// The decoders are not ours: a panic of theirs on a broken file is that file's error.
func decodeSafely(r io.Reader) (img image.Image, format string, err error) {
	defer recoverDecoder(&err)
	img, format, err = image.Decode(bufio.NewReader(r))
	return img, format, explain(err)
}

func decodeConfigSafely(r io.Reader) (config image.Config, format string, err error) {
	defer recoverDecoder(&err)
	config, format, err = image.DecodeConfig(bufio.NewReader(r))
	return config, format, explain(err)
}

func recoverDecoder(err *error) {
	if p := recover(); p != nil {
		*err = fmt.Errorf("broken image: the decoder stopped with %v", p)
	}
}

// explain puts the decoders' terse errors into words.
func explain(err error) error {
	switch {
	case errors.Is(err, image.ErrFormat):
		return fmt.Errorf("not a JPEG, PNG, BMP, TIFF or WebP image: %w", err)
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF), errors.Is(err, png.FormatError("not enough pixel data")):
		return fmt.Errorf("truncated image: %w", io.ErrUnexpectedEOF)
	case err != nil:
		return fmt.Errorf("broken image: %w", err)
	}
	return nil
}

// decodeMask reads a mask file: a pixel is 1 where some channel of it is greater than above.
func decodeMask(path string, above uint8) (*Mask, error) {
	var mask *Mask
	err := withImageFile(path, func(f *os.File) error {
		img, format, err := decodeLimited(f)
		if err != nil {
			return err
		}
		if deep, ok := img.(*image.Gray16); ok && above == 0 {
			mask = nonZero16(deep)
		} else {
			mask = thresholdMask(toRaster(img, format), above)
		}
		return nil
	})
	return mask, err
}

func thresholdMask(pic raster, above uint8) *Mask {
	mask := blankMask(pic)
	for i := range mask.Pix {
		for _, v := range pic.pix[i*pic.ch : (i+1)*pic.ch] {
			if v > above {
				mask.Pix[i] = 1
			}
		}
	}
	return mask
}

// nonZero16 is for 16-bit masks of small class numbers, whose upper bytes are all zero.
func nonZero16(img *image.Gray16) *Mask {
	w, h := img.Bounds().Dx(), img.Bounds().Dy()
	mask := &Mask{w, h, make([]uint8, w*h)}
	for i := range mask.Pix {
		p := img.Pix[i/w*img.Stride+i%w*2:]
		if p[0]|p[1] != 0 {
			mask.Pix[i] = 1
		}
	}
	return mask
}

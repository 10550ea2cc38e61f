package detector

import (
	"fmt"
	"reflect"
	"strings"

	"github.com/msflow-go/msflow/datasets"
	"github.com/msflow-go/msflow/lib/train"
)

// stored is what a checkpoint says of its detector besides the flow's parameters. The image size and every transform are
// part of Config, so a detector that was loaded sees images as the one that was saved.
type stored struct {
	Config  Config        `json:"detector"`
	Digest  string        `json:"backbone_sha256"` // of the backbone's tensors
	History []train.Epoch `json:"history,omitempty"`
	Run     string        `json:"run,omitempty"`

	Calibration *Calibration `json:"calibration,omitempty"`
}

func (d *Detector) stored() stored { return stored{d.Config, d.digest, d.Epochs, d.Run, d.calibration} }

// Save writes the detector to path, in a temporary file that is renamed when it is complete. The backbone's weights are
// not copied; the file says which they were.
func (d *Detector) Save(path string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if _, ok := d.kind(); ok {
		return d.saveBaseline(path)
	}
	if d.model == nil {
		return fmt.Errorf("saving to %s: %w", path, ErrUntrained)
	}
	return train.Save(path, d.model, d.stored(), nil, d.extraTensors()...)
}

// Load reads a detector that Save or a training's checkpoint wrote. weights names a file of the backbone's weights when they
// are not where the saving detector had them; "" looks there. The error names what does not fit.
func Load(path, weights string) (*Detector, error) {
	c, err := train.Open(path)
	if err != nil {
		return nil, err
	}
	return loaded(c, weights)
}

// Parse is Load of a file's content, such as one that is embedded in a program; name is what errors call it.
func Parse(name string, content []byte, weights string) (*Detector, error) {
	c, err := train.Parse(name, content)
	if err != nil {
		return nil, err
	}
	return loaded(c, weights)
}

// loaded makes the detector that a file holds.
func loaded(c *train.Checkpoint, weights string) (*Detector, error) {
	var s stored
	if err := c.Config(&s); err != nil {
		return nil, err
	}
	s.Config = s.Config.asStored()
	if weights != "" {
		s.Config.Weights = weights
	}
	if s.Config.Exif == "" { // written before the program knew of orientations and levels
		s.Config.Exif, s.Config.Levels = datasets.ExifIgnore, 1<<16
	}
	d, err := New(s.Config)
	if err != nil {
		return nil, fmt.Errorf("loading %s: %w", c.Path(), err)
	}
	d.Epochs, d.calibration, d.Run, d.Sum = s.History, s.Calibration, s.Run, c.Sum()
	if err := d.restore(c, d.Run); err != nil {
		return nil, fmt.Errorf("loading: %w", err)
	}
	return d, nil
}

// restore copies a checkpoint's model into the detector, after making sure that it belongs to the run and this configuration.
func (d *Detector) restore(c *train.Checkpoint, run string) error {
	var s stored
	if err := c.Config(&s); err != nil {
		return err
	}
	if or(s.Config.Model, MSFlow) != d.Config.Model {
		return fmt.Errorf("%s holds a model %s, not %s", c.Path(), or(s.Config.Model, MSFlow), d.Config.Model)
	}
	if s.Run != run {
		return fmt.Errorf("%s belongs to the run %q, not to %q", c.Path(), s.Run, run)
	}
	if s.Config.Backbone != d.Config.Backbone {
		return fmt.Errorf("%s was trained on features of %s, not of %s", c.Path(), s.Config.Backbone, d.Config.Backbone)
	}
	if s.Digest != d.digest {
		return fmt.Errorf("%s was trained on other weights of %s (SHA-256 of the tensors %.12s…, these have %.12s…)", c.Path(), s.Config.Backbone, s.Digest, d.digest)
	}
	if s.Config.Size != d.Config.Size {
		return fmt.Errorf("%s was trained on images of %d×%d pixels, not of %d×%d", c.Path(), s.Config.Size[0], s.Config.Size[1], d.Config.Size[0], d.Config.Size[1])
	}
	there, err := s.Config.asStored().resolved()
	if err != nil {
		return fmt.Errorf("%s: %w", c.Path(), err)
	}
	if names := differences(there, d.Config); len(names) > 0 {
		return fmt.Errorf("%s is of a detector with other settings: %s", c.Path(), strings.Join(names, ", "))
	}
	if d.baseline != nil {
		return c.RestoreTensors(d.baseline.Restore)
	}
	if err := c.RestoreTensors(d.restoreWhitening); err != nil {
		return err
	}
	return c.Restore(d.model)
}

// asStored is a stored configuration as it is meant: files from before there were recipes hold the paper's MSFlow.
func (c Config) asStored() Config {
	if or(c.Model, MSFlow) == MSFlow {
		c.Recipe = or(c.Recipe, Paper)
	}
	return c
}

// differences names the settings in which two configurations differ, with both values; where the weights lie is none.
func differences(a, b Config) (names []string) {
	a.Weights, b.Weights, a.Device, b.Device, a.Precision, b.Precision = "", "", "", "", "", ""
	a.Devices, b.Devices = 0, 0
	x, y := reflect.ValueOf(a), reflect.ValueOf(b)
	for i := range x.NumField() {
		if v, w := x.Field(i).Interface(), y.Field(i).Interface(); !reflect.DeepEqual(v, w) {
			names = append(names, fmt.Sprintf("%s is %v there and %v here", x.Type().Field(i).Name, v, w))
		}
	}
	return names
}

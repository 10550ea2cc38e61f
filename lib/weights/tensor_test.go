package weights

import (
	"errors"
	"strings"
	"testing"
)

func TestStateDict(t *testing.T) {
	d := NewStateDict("net.pth",
		Tensor{Name: "module.conv.weight", Shape: []int{2, 1}, Data: []float32{1, 2}},
		Tensor{Name: "module.steps", DType: "I64", Ints: []int64{3}})
	if d.Len() != 2 || !d.Has("module.steps") || d.Has("steps") {
		t.Fatalf("the tensors are not there: %v", d.Names())
	}
	sub := d.Sub("module.")
	if got := strings.Join(sub.Names(), " "); got != "conv.weight steps" {
		t.Errorf("Sub gives %q", got)
	}
	w, err := sub.Floats("conv.weight", 2, 1)
	if err != nil || w[1] != 2 {
		t.Errorf("Floats gives %v, %v", w, err)
	}
}

func TestStateDictErrorsNameFileTensorAndShape(t *testing.T) {
	d := NewStateDict("net.pth",
		Tensor{Name: "module.conv.weight", Shape: []int{2, 1}, Data: []float32{1, 2}},
		Tensor{Name: "steps", DType: "I64", Ints: []int64{3}})
	_, err := d.Get("conv.weight")
	if !errors.Is(err, ErrMissing) {
		t.Errorf("%v is not ErrMissing", err)
	}
	wantWords(t, err, "net.pth", "conv.weight", "module.conv.weight")
	_, err = d.Floats("module.conv.weight", 1, 2)
	wantWords(t, err, "net.pth", "module.conv.weight", "[2 1]", "[1 2]")
	_, err = d.Floats("steps")
	wantWords(t, err, "net.pth", "steps", "I64")
}

func TestNewStateDictRefusesDoubledNames(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("no panic")
		}
	}()
	NewStateDict("x", Tensor{Name: "a"}, Tensor{Name: "a"})
}

// wantWords fails unless err mentions every word.
func wantWords(t *testing.T, err error, words ...string) {
	t.Helper()
	if err == nil {
		t.Fatalf("no error, want one with %q", words)
	}
	for _, w := range words {
		if !strings.Contains(err.Error(), w) {
			t.Errorf("error %q does not mention %q", err, w)
		}
	}
}

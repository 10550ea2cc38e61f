package weights_test

import (
	"fmt"
	"log"
	"os"
	"path/filepath"

	"github.com/msflow-go/msflow/lib/weights"
)

// A checkpoint of a PyTorch program: state dicts inside lists and dicts.
func ExampleLoad() {
	sd, err := weights.Load("testdata/checkpoint.pt")
	if err != nil {
		log.Fatal(err)
	}
	fusion := sd.Sub("fusion_flow.")
	fmt.Println(fusion.Names())
	_, err = fusion.Floats("weight", 3, 3)
	fmt.Println(err)
	// Output:
	// [weight bias]
	// reading testdata/checkpoint.pt: tensor weight has shape [2 1], want [3 3]
}

func ExampleLoadTree() {
	tree, err := weights.LoadTree("testdata/checkpoint.pt")
	if err != nil {
		log.Fatal(err)
	}
	checkpoint := tree.(*weights.Dict)
	epoch, _ := checkpoint.Get("epoch")
	flows, _ := checkpoint.Get("parallel_flows")
	fmt.Println(epoch, len(flows.([]any)))
	// Output: 7 2
}

func ExampleWriteSafetensors() {
	dir, err := os.MkdirTemp("", "")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "model.safetensors")
	gain := weights.Tensor{Name: "gain", Shape: []int{1, 2}, DType: "F16", Data: []float32{0.5, 2}}
	if err := weights.WriteSafetensors(path, []weights.Tensor{gain}, map[string]string{"epoch": "3"}); err != nil {
		log.Fatal(err)
	}
	f, err := weights.ReadSafetensors(path)
	if err != nil {
		log.Fatal(err)
	}
	defer f.Close()
	t, err := f.Tensor("gain")
	fmt.Println(f.Metadata()["epoch"], t.Shape, t.Data, err)
	// Output: 3 [1 2] [0.5 2] <nil>
}

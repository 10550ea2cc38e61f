package datasets

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// What is saved and opened again is the same data set.
func TestSavedDataSetOpensAgain(t *testing.T) {
	d, err := Synthetic(Size(32), Counts(3, 2, 5))
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "new")
	if err := Save(context.Background(), d, dir); err != nil {
		t.Fatal(err)
	}
	again, err := MVTec(dir, Class("gear"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Check(context.Background(), again, Pixels); err != nil {
		t.Fatal(err)
	}
	if len(again.Train) != 3 || len(again.Test) != 7 || !slices.Equal(again.Test.Defects(), d.Test.Defects()) {
		t.Fatalf("%d train, %d test, defects %v", len(again.Train), len(again.Test), again.Test.Defects())
	}
	byNumber := func(a, b Sample) int { return strings.Compare(stem(a.Name), stem(b.Name)) }
	slices.SortFunc(again.Test, byNumber)
	slices.SortFunc(d.Test, byNumber)
	if hashOf(t, again.Test) != hashOf(t, d.Test) || hashOf(t, again.Train) != hashOf(t, d.Train) {
		t.Error("pictures or masks differ")
	}
	if _, err := os.Stat(filepath.Join(dir, "gear", "ground_truth", "tooth", "002_mask.png")); err != nil {
		t.Errorf("a mask is not where MVTec AD has it: %v", err)
	}
	if err := Save(context.Background(), d, dir); err == nil || !strings.Contains(err.Error(), "not empty") {
		t.Errorf("saving over it: %v", err)
	}
}

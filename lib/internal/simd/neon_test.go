//go:build !arm64

package simd

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// TestNEON runs the laws of the kernels in NEON on an arm64 processor that QEMU emulates. What only Go code can break is
// left to the processor at hand.
func TestNEON(t *testing.T) {
	if os.Getenv("MSFLOW_SLOW") == "" {
		t.Skip("set MSFLOW_SLOW=1 to emulate arm64")
	}
	binary := filepath.Join(t.TempDir(), "simd.test")
	build := exec.Command("go", "test", "-c", "-o", binary, ".")
	build.Env = append(os.Environ(), "GOOS=linux", "GOARCH=arm64", "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("building for arm64: %v\n%s", err, out)
	}
	const laws = "^Test(InvertedBottleneck|Finish|ConvPasses|Gemm|ElementFunctions|ElementLengths|NaNPassesThrough|Sums|AdamStep|" +
		"Reproducible|VariantsAgree|Choose|PartsOfWeights|LayerNorm|MemoryOfOtherCallsDoesNotMatter|Rows|Winograd|" +
		"WinogradWeightBlocks|RandomShapes)$/^neon"
	run := exec.Command("qemu-aarch64-static", "-cpu", "max", binary, "-test.short", "-test.v", "-test.run", laws)
	run.Env = append(os.Environ(), "MSFLOW_SIMD=neon")
	if out, err := run.CombinedOutput(); err != nil {
		t.Fatalf("%v; Debian's qemu-user-static has qemu-aarch64-static\n%s", err, out)
	}
}

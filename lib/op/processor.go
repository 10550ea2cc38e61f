package op

import "github.com/msflow-go/msflow/lib/internal/simd"

// Processor names the variant of the float32 kernels in use (plain, avx2, avx512) and the processor's features that
// decided it.
func Processor() (kernel string, features []string) { return simd.Kernel(), simd.Features() }

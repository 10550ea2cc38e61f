package op

import "github.com/msflow-go/msflow/lib/internal/simd"

// Processor names the variant of the float32 kernels in use (plain, avx2, avx512, neon) and the processor's features that
// decided it.
func Processor() (kernel string, features []string) { return simd.Kernel(), simd.Features() }

// Threads is how many cores share an op's work, and SetThreads changes it; n < 1 means all of GOMAXPROCS.
func Threads() int     { return simd.Threads() }
func SetThreads(n int) { simd.SetThreads(n) }

// Peak measures the float32 operations a second of all threads' matrix kernels on data in the first-level cache, which no
// convolution by its definition can exceed. It takes some milliseconds; 0 without kernels.
func Peak() float64 { return simd.Peak() }

// Floats returns n zeros. Of many, it asks the system for huge pages, with which ops and Adam are faster: parameters and
// other large arrays that a program reads at each run should be made by it.
func Floats(n int) []float32 { return simd.Floats(n) }

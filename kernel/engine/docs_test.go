package engine_test

import _ "github.com/msflow-go/msflow/kernel/bindings/docs" // for completion and inspection
